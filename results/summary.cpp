#include "results/summary.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>

#include "results/sql.h"

namespace diffbench::results {
namespace {

// Estimates and quality by cell and metric, of cells that are ok.
using Estimates = std::map<std::int64_t, std::map<std::string, Estimate, std::less<>>>;

Estimates read_estimates(const Store& store, std::int64_t run_id) {
  Estimates found;
  for (const char* sql :
       {"SELECT cell, metric, value, low, high, n, rule FROM estimate JOIN cell ON cell.id = estimate.cell WHERE "
        "cell.run = ? AND cell.status = 'ok'",
        "SELECT cell, name, value, low, high, n, rule FROM cell_quality WHERE run = ?"}) {
    SQLite::Statement row(store.database(), sql);
    for (bind_all(row, run_id); row.executeStep();) {
      Estimate estimate{.value = row.getColumn(2).getDouble(),
                        .n = row.getColumn(5).getInt64(),
                        .rule = row.getColumn(6).getString()};
      if (!row.getColumn(3).isNull()) {
        estimate.interval = Interval{row.getColumn(3).getDouble(), row.getColumn(4).getDouble()};
      }
      found[row.getColumn(0).getInt64()].emplace(row.getColumn(1).getString(), std::move(estimate));
    }
  }
  return found;
}

// "waited 3.5 % for a core" -> "waited ... % for a core": reasons that differ in their numbers are one kind.
std::string kind_of(const std::string& reason) {
  std::string kind;
  for (std::size_t i = 0; i < reason.size();) {
    const std::size_t end = std::min(reason.find_first_not_of("0123456789.", i), reason.size());
    if (std::isdigit(static_cast<unsigned char>(reason[i])) != 0) {
      kind += "...";
      i = end;
    } else {
      kind += reason[i++];
    }
  }
  return kind;
}

// What the view counts of each cell; intervals and values come from the tables.
std::map<std::int64_t, CellSummary> read_counts(const Store& store, std::int64_t run_id) {
  std::map<std::int64_t, CellSummary> by_cell;
  SQLite::Statement row(store.database(),
                        "SELECT cell, repetitions, samples_seen, disturbed_repetitions, warmup_converged, "
                        "warmup_repetitions, sample_checksum FROM cell_summary WHERE run = ?");
  for (bind_all(row, run_id); row.executeStep();) {
    CellSummary& summary = by_cell[row.getColumn(0).getInt64()];
    summary.repetitions = row.getColumn(1).getInt64();
    summary.samples_seen = row.getColumn(2).getInt64();
    summary.disturbed_repetitions = row.getColumn(3).getInt64();
    if (!row.getColumn(4).isNull()) summary.warmup_converged = row.getColumn(4).getInt() != 0;
    summary.warmup_repetitions = row.getColumn(5).getInt64();
    summary.sample_checksum = row.getColumn(6).getString();
  }
  // ranks of one repetition may have been disturbed alike, each with a number of its own
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::string>> seen;
  SQLite::Statement reason(store.database(),
                           "SELECT timing.cell, timing.round, timing.repetition, timing.disturbance FROM timing JOIN "
                           "cell_repetition AS counted USING (cell, round, repetition) JOIN cell ON cell.id = "
                           "timing.cell WHERE run = ? AND status = 'ok' AND timing.disturbance IS NOT NULL");
  for (bind_all(reason, run_id); reason.executeStep();) {
    const std::int64_t cell = reason.getColumn(0).getInt64();
    const std::string kind = kind_of(reason.getColumn(3).getString());
    if (seen.emplace(cell, reason.getColumn(1).getInt64(), reason.getColumn(2).getInt64(), kind).second) {
      ++by_cell.at(cell).disturbances[kind];
    }
  }
  return by_cell;
}

}  // namespace

const Estimate* CellSummary::find(std::string_view metric) const {
  const auto found = estimates.find(metric);
  return found == estimates.end() ? nullptr : &found->second;
}

std::optional<double> CellSummary::value(std::string_view metric) const {
  const Estimate* estimate = find(metric);
  return estimate != nullptr ? std::optional(estimate->value) : std::nullopt;
}

std::vector<CellSummary> summarize(const Store& store, std::int64_t run_id) {
  return guarded(store.name(), [&] {
    store.run(run_id);  // refuses a run that is not there
    Estimates estimates = read_estimates(store, run_id);
    std::map<std::int64_t, CellSummary> counts = read_counts(store, run_id);
    std::set<std::int64_t> front;
    SQLite::Statement pareto(store.database(), "SELECT cell FROM pareto WHERE run = ?");
    for (bind_all(pareto, run_id); pareto.executeStep();) front.insert(pareto.getColumn(0).getInt64());

    std::vector<CellSummary> summaries;
    for (StoredCell& stored : store.cells(run_id)) {
      CellSummary& summary = summaries.emplace_back(std::move(counts.at(stored.id)));
      summary.cell = stored.id;
      summary.row = std::move(stored.row);
      summary.status = stored.status;
      summary.reason = std::move(stored.reason);
      summary.stop_reason = std::move(stored.stop_reason);
      summary.estimates = std::move(estimates[stored.id]);
      summary.on_pareto_front = front.contains(stored.id);
    }
    return summaries;
  });
}

}  // namespace diffbench::results
