#include "results/estimates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "results/sql.h"
#include "results/statistics.h"

namespace diffbench::results {
namespace {

constexpr double kConfidence = 0.95;

// What no clock was asked for needs no interval.
constexpr std::string_view kCounted = "counted";

using Values = std::map<std::int64_t, std::vector<double>>;  // by cell

// A query for (cell, value) of a run's cells that are ok.
Values read(const Store& store, std::int64_t run_id, const std::string& value, const std::string& view) {
  SQLite::Statement statement(store.database(), "SELECT measured.cell, measured." + value + " FROM " + view +
                                                    " AS measured JOIN cell ON cell.id = measured.cell WHERE cell.run "
                                                    "= ? AND cell.status = 'ok' AND measured." +
                                                    value + " IS NOT NULL");
  Values values;
  for (bind_all(statement, run_id); statement.executeStep();) {
    values[statement.getColumn(0).getInt64()].push_back(statement.getColumn(1));
  }
  return values;
}

class Estimator {
 public:
  Estimator(const Store& store, std::int64_t run_id) : store_(store), run_id_(run_id) {}

  std::vector<EstimateRow> run() {
    for (const StoredCell& cell : store_.cells(run_id_)) cells_.emplace(cell.id, cell);
    timing();
    work();
    speedup();
    best_against_best();
    resources();
    imbalance();
    overhead();
    std::sort(rows_.begin(), rows_.end(), [](const EstimateRow& a, const EstimateRow& b) {
      return std::pair(a.cell, a.metric) < std::pair(b.cell, b.metric);
    });
    return std::move(rows_);
  }

 private:
  void timing() {
    const Values durations = read(store_, run_id_, "duration_ns", "cell_repetition");
    medians("latency", durations);
    percentiles("latency_p90", durations, 0.9);
    percentiles("latency_p99", durations, 0.99);
    for (const auto& [cell, values] : read(store_, run_id_, "ns_per_sample", "cell_repetition")) {
      EstimateRow row = of_median(cell, "throughput", values);
      row.value = 1e9 / row.value;
      if (row.low) std::tie(row.low, row.high) = std::pair(1e9 / *row.high, 1e9 / *row.low);
      rows_.push_back(row);
    }
    for (const auto& [cell, shares] : read(store_, run_id_, "decode_share", "cell_repetition")) {
      const bool has_decoder = std::any_of(shares.begin(), shares.end(), [](double share) { return share > 0; });
      if (has_decoder) rows_.push_back(of_median(cell, "decode_share", shares));
    }
    medians("null_overhead", without_nulls(read(store_, run_id_, "ratio", "null_pair")));
  }

  void work() {
    counted("flops_per_sample", read(store_, run_id_, "flops_per_sample", "cell_work"));
    counted("blocks_ratio", without_nulls(read(store_, run_id_, "blocks_ratio", "cell_work")));
    theory_ = without_nulls(read(store_, run_id_, "theoretical_speedup", "cell_work"));
    counted("theoretical_speedup", theory_);
  }

  void speedup() {
    for (const auto& [cell, values] : read(store_, run_id_, "rounds", "cell_timing")) {
      if (cells_.at(cell).row.role != CellRole::kBaseline) continue;
      rows_.push_back({.cell = cell,
                       .metric = "speedup",
                       .value = 1,
                       .confidence = kConfidence,
                       .n = static_cast<std::int64_t>(values.front()),
                       .rule = "by definition"});
    }
    for (const auto& [cell, ratios] : read(store_, run_id_, "speedup", "speedup_pair")) {
      if (cells_.at(cell).row.role != CellRole::kMethod || !baseline_is_ok(cell)) continue;
      const EstimateRow row = of_median(cell, "speedup", ratios);
      rows_.push_back(row);
      const auto theory = theory_.find(cell);
      if (theory == theory_.end() || std::abs(theory->second.front() - 1) <= 1e-9) continue;
      rows_.push_back(realised(row, theory->second.front()));
    }
  }

  void best_against_best() {
    std::set<std::string> runtimes;
    for (const auto& [id, cell] : cells_) runtimes.insert(cell.row.runtime);
    if (runtimes.size() > 1) medians("runtime_speedup", read(store_, run_id_, "ratio", "runtime_pair"));
  }

  // The speed-up's interval carried through the definition: it is a straight line, falling where the promise is a loss.
  static EstimateRow realised(const EstimateRow& speedup, double theory) {
    EstimateRow row = speedup;
    row.metric = "realised_fraction";
    const auto fraction = [&](double of) { return (of - 1) / (theory - 1); };
    row.value = fraction(speedup.value);
    if (speedup.low) {
      std::tie(row.low, row.high) = std::minmax({fraction(*speedup.low), fraction(*speedup.high)});
      row.rule += ", carried through";
    }
    return row;
  }

  void resources() {
    largest("prepare_time", "duration_ns", "preparation");
    largest("peak_memory", "process_bytes", "memory_peak");
    largest("device_memory", "device_bytes", "memory_peak");
    SQLite::Statement energy(store_.database(),
                             "SELECT cell, sum(energy_j) / sum(samples), count(*) FROM cell_repetition JOIN cell ON "
                             "cell.id = cell_repetition.cell WHERE run = ? AND status = 'ok' GROUP BY cell HAVING "
                             "count(energy_j) = count(*)");
    for (bind_all(energy, run_id_); energy.executeStep();) {
      rows_.push_back({.cell = energy.getColumn(0).getInt64(),
                       .metric = "energy_per_sample",
                       .value = energy.getColumn(1).getDouble(),
                       .confidence = kConfidence,
                       .n = energy.getColumn(2).getInt64(),
                       .rule = "total over total"});
    }
  }

  // of the rank that takes longest in the median: a rank that is slow once is the machine's noise, not this
  void imbalance() {
    std::map<std::int64_t, std::map<std::int64_t, std::vector<double>>> paces;  // by cell and rank
    SQLite::Statement pace(
        store_.database(),
        "SELECT cell, rank, pace FROM rank_pace JOIN cell ON cell.id = cell WHERE run = ? AND status = "
        "'ok' AND ranks > 1");
    for (bind_all(pace, run_id_); pace.executeStep();) {
      paces[pace.getColumn(0).getInt64()][pace.getColumn(1).getInt64()].push_back(pace.getColumn(2));
    }
    for (const auto& [cell, ranks] : paces) {
      const auto slowest = std::max_element(
          ranks.begin(), ranks.end(), [](const auto& a, const auto& b) { return median(a.second) < median(b.second); });
      auto row = of_median(cell, "rank_imbalance", slowest->second);
      row.rule.insert(0, "rank " + std::to_string(slowest->first) + ": ");
      rows_.push_back(row);
    }
  }

  void overhead() {
    for (const char* mode : {"nvtx", "activities", "everything"}) {
      medians(std::string("overhead_") + mode,
              read(store_, run_id_, "ratio",
                   std::string("(SELECT cell, ratio FROM profile_overhead_ratio WHERE mode = '") + mode + "')"));
    }
  }

  bool baseline_is_ok(std::int64_t cell) const {
    const std::string& key = cells_.at(cell).row.baseline_key;
    return std::any_of(cells_.begin(), cells_.end(), [&](const auto& entry) {
      return entry.second.row.key == key && entry.second.status == CellStatus::kOk;
    });
  }

  Values without_nulls(Values values) const {
    std::erase_if(values, [&](const auto& entry) { return cells_.at(entry.first).row.role == CellRole::kNull; });
    return values;
  }

  void medians(const std::string& metric, const Values& values) {
    for (const auto& [cell, of_cell] : values) rows_.push_back(of_median(cell, metric, of_cell));
  }

  static EstimateRow of_median(std::int64_t cell, const std::string& metric, const std::vector<double>& values) {
    return with_interval({.cell = cell, .metric = metric, .value = median(values), .rule = "median"}, values,
                         median_interval(values, kConfidence), kMedianRule);
  }

  static EstimateRow with_interval(EstimateRow row, const std::vector<double>& values,
                                   const std::optional<Interval>& interval, std::string_view rule) {
    row.n = static_cast<std::int64_t>(values.size());
    row.confidence = kConfidence;
    if (interval) {
      row.low = interval->low;
      row.high = interval->high;
      row.rule += ": " + std::string(rule);
    }
    return row;
  }

  // From the n on at which at least one repetition is expected beyond the percentile: below it, its value would be
  // little else than the slowest repetition's.
  void percentiles(const std::string& metric, const Values& values, double q) {
    for (const auto& [cell, of_cell] : values) {
      if (static_cast<double>(of_cell.size()) * (1 - q) < 1 - 1e-9) continue;
      rows_.push_back(
          with_interval({.cell = cell, .metric = metric, .value = quantile(of_cell, q), .rule = "percentile"}, of_cell,
                        quantile_interval(of_cell, q, kConfidence), kQuantileRule));
    }
  }

  void counted(const std::string& metric, const Values& values) {
    for (const auto& [cell, of_cell] : values) {
      rows_.push_back({.cell = cell,
                       .metric = metric,
                       .value = of_cell.front(),
                       .confidence = kConfidence,
                       .n = traced_samples(cell),
                       .rule = std::string(kCounted)});
    }
  }

  std::int64_t traced_samples(std::int64_t cell) const {
    SQLite::Statement statement(store_.database(), "SELECT traced_samples FROM cell WHERE id = ?");
    bind_all(statement, cell);
    statement.executeStep();
    return statement.getColumn(0).getInt64();
  }

  void largest(const std::string& metric, const std::string& column, const std::string& table) {
    for (const auto& [cell, of_ranks] : read(store_, run_id_, column, table)) {
      rows_.push_back({.cell = cell,
                       .metric = metric,
                       .value = *std::max_element(of_ranks.begin(), of_ranks.end()),
                       .confidence = kConfidence,
                       .n = static_cast<std::int64_t>(of_ranks.size()),
                       .rule = "largest rank"});
    }
  }

  const Store& store_;
  std::int64_t run_id_;
  std::map<std::int64_t, StoredCell> cells_;
  Values theory_;
  std::vector<EstimateRow> rows_;
};

}  // namespace

std::vector<EstimateRow> estimate_run(const Store& store, std::int64_t run_id) {
  return guarded(store.name(), [&] {
    store.run(run_id);  // refuses a run that is not there
    return Estimator(store, run_id).run();
  });
}

std::vector<std::int64_t> recompute_estimates(Store& store) {
  return guarded(store.name(), [&] {
    std::vector<std::int64_t> runs;
    SQLite::Statement run(store.database(), "SELECT id FROM run ORDER BY id");
    while (run.executeStep()) runs.push_back(run.getColumn(0).getInt64());
    Transaction transaction(store);
    for (const std::int64_t run_id : runs) store_estimates(store, run_id);
    transaction.commit();
    return runs;
  });
}

void store_estimates(Store& store, std::int64_t run_id) { store.put_estimates(run_id, estimate_run(store, run_id)); }

}  // namespace diffbench::results
