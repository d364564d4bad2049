#include "results/summary.h"

#include <algorithm>
#include <map>
#include <set>

#include "results/sql.h"

namespace diffbench::results {
namespace {

constexpr double kConfidence = 0.95;

std::map<std::int64_t, std::vector<double>> column_by_cell(const Store& store, const char* sql, std::int64_t run_id) {
  SQLite::Statement statement(store.database(), sql);
  bind_all(statement, run_id);
  std::map<std::int64_t, std::vector<double>> values;
  while (statement.executeStep()) values[statement.getColumn(0).getInt64()].push_back(statement.getColumn(1));
  return values;
}

std::optional<double> optional_number(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<double>(column.getDouble());
}

std::optional<Interval> realised(const std::optional<Interval>& speedup, const std::optional<double>& theoretical) {
  if (!speedup || !theoretical) return std::nullopt;
  const double low = (speedup->low - 1) / (*theoretical - 1);
  const double high = (speedup->high - 1) / (*theoretical - 1);
  return Interval{std::min(low, high), std::max(low, high)};  // a method may cost more than the baseline
}

void fill_numbers(CellSummary& summary, SQLite::Statement& row) {
  const auto number = [&](const char* name) { return optional_number(row.getColumn(name)); };
  summary.stop_reason = row.getColumn("stop_reason").getString();
  summary.repetitions = row.getColumn("repetitions").getInt64();
  summary.latency_ns = number("latency_ns");
  summary.images_per_s = number("images_per_s");
  summary.speedup = number("speedup");
  summary.theoretical_speedup = number("theoretical_speedup");
  summary.realised_fraction = number("realised_fraction");
  summary.blocks_ratio = number("blocks_ratio");
  summary.null_overhead_ratio = number("null_overhead_ratio");
  summary.fid = number("fid");
  const std::optional<double> low = number("fid_low");
  const std::optional<double> high = number("fid_high");
  if (low && high) summary.fid_interval = Interval{*low, *high};
  if (!row.getColumn("fid_n").isNull()) summary.fid_n = row.getColumn("fid_n").getInt64();
  summary.sample_checksum = row.getColumn("sample_checksum").getString();
}

}  // namespace

std::vector<CellSummary> summarize(const Store& store, std::int64_t run_id) {
  return guarded(store.name(), [&] {
    const auto ratios = column_by_cell(
        store,
        "SELECT pair.cell, pair.speedup FROM speedup_pair AS pair JOIN cell ON cell.id = pair.cell WHERE cell.run = ?",
        run_id);
    const auto durations = column_by_cell(store,
                                          "SELECT repetition.cell, repetition.duration_ns FROM cell_repetition AS "
                                          "repetition JOIN cell ON cell.id = repetition.cell WHERE cell.run = ?",
                                          run_id);
    std::set<std::int64_t> front;
    SQLite::Statement pareto(store.database(), "SELECT cell FROM pareto WHERE run = ?");
    for (bind_all(pareto, run_id); pareto.executeStep();) front.insert(pareto.getColumn(0).getInt64());

    const BootstrapOptions options{.confidence = kConfidence,
                                   .seed = static_cast<std::uint64_t>(store.run(run_id).seed)};
    std::map<std::int64_t, CellSummary> by_cell;
    SQLite::Statement rows(store.database(), "SELECT * FROM cell_summary WHERE run = ?");
    for (bind_all(rows, run_id); rows.executeStep();) {
      CellSummary summary;
      fill_numbers(summary, rows);
      const std::int64_t cell = rows.getColumn("cell").getInt64();
      if (summary.latency_ns) summary.latency_interval_ns = median_interval(durations.at(cell), kConfidence);
      if (const auto found = ratios.find(cell); summary.speedup && found != ratios.end() && found->second.size() > 1) {
        summary.speedup_interval = bootstrap_median(found->second, options);
      }
      if (summary.realised_fraction) {
        summary.realised_interval = realised(summary.speedup_interval, summary.theoretical_speedup);
      }
      summary.on_pareto_front = front.contains(cell);
      by_cell.emplace(cell, std::move(summary));
    }

    std::vector<CellSummary> summaries;
    for (const StoredCell& stored : store.cells(run_id)) {
      CellSummary& summary = summaries.emplace_back(std::move(by_cell.at(stored.id)));
      summary.cell = stored.id;
      summary.key = stored.row.key;
      summary.method = stored.row.method;
      summary.method_label = stored.row.method_label;
      summary.role = stored.row.role;
      summary.model = stored.row.model;
      summary.solver = stored.row.solver;
      summary.grid = stored.row.grid;
      summary.steps = stored.row.steps;
      summary.batch = stored.row.batch;
      summary.precision = stored.row.precision;
      summary.device = stored.row.device;
      summary.ranks = stored.row.ranks;
      summary.scenario = stored.row.scenario;
      summary.status = stored.status;
      summary.reason = stored.reason;
    }
    return summaries;
  });
}

std::vector<OverheadSummary> summarize_overhead(const Store& store, std::int64_t run_id) {
  return guarded(store.name(), [&] {
    SQLite::Statement rows(
        store.database(),
        "SELECT cell.key, mode, ratio FROM profile_overhead_ratio AS measured JOIN cell ON cell.id = "
        "measured.cell WHERE measured.run = ? ORDER BY cell.id, mode = 'everything', mode = "
        "'activities', round");
    bind_all(rows, run_id);
    std::vector<OverheadSummary> summaries;
    std::vector<std::vector<double>> ratios;
    while (rows.executeStep()) {
      const std::string key = rows.getColumn(0).getString();
      const std::string mode = rows.getColumn(1).getString();
      if (summaries.empty() || summaries.back().key != key || summaries.back().mode != mode) {
        summaries.push_back({.key = key, .mode = mode, .interval = {}});
        ratios.emplace_back();
      }
      ratios.back().push_back(rows.getColumn(2).getDouble());
    }
    for (std::size_t i = 0; i < summaries.size(); ++i) {
      summaries[i].ratio = median(ratios[i]);
      summaries[i].interval = bootstrap_median(ratios[i], {.confidence = kConfidence});
    }
    return summaries;
  });
}

}  // namespace diffbench::results
