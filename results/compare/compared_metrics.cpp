#include "results/compare/compared_metrics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <set>
#include <string>
#include <tuple>

namespace diffbench::results {
namespace {

// --- values by round

using ByRound = std::map<int, double>;

ByRound log_times(const MeasuredCell& cell) {
  ByRound logs;
  for (const auto& [round, of_round] : cell.rounds) logs[round] = std::log(of_round.ns_per_sample);
  return logs;
}

ByRound log_energies(const MeasuredCell& cell) {
  ByRound logs;
  for (const auto& [round, of_round] : cell.rounds) {
    if (of_round.j_per_sample && *of_round.j_per_sample > 0) logs[round] = std::log(*of_round.j_per_sample);
  }
  return logs;
}

// left less right, of the rounds that both have
ByRound difference(const ByRound& left, const ByRound& right) {
  ByRound result;
  for (const auto& [round, value] : left) {
    const auto other = right.find(round);
    if (other != right.end()) result[round] = value - other->second;
  }
  return result;
}

std::vector<double> values(const ByRound& by_round) {
  std::vector<double> list;
  for (const auto& entry : by_round) list.push_back(entry.second);
  return list;
}

// The cell was measured until the time that `ab` was given was up, not until something had been seen in it.
bool is_at_planned_end(const CellPair& pair) {
  return pair.older->stored.stop_reason == kTimeIsUp && pair.newer->stored.stop_reason == kTimeIsUp;
}

ContrastPtr of_rounds(const ByRound& older, const ByRound& newer, const CellPair& pair) {
  return pair.is_paired ? turns_of(values(difference(newer, older)), is_at_planned_end(pair))
                        : shift_of(values(older), values(newer));
}

// --- contrasts

ContrastPtr of_time(const CellPair& pair, const ComparedMetric& /*metric*/) {
  return of_rounds(log_times(*pair.older), log_times(*pair.newer), pair);
}

ContrastPtr of_throughput(const CellPair& pair, const ComparedMetric& /*metric*/) {
  ByRound older;
  ByRound newer;
  for (const auto& [round, value] : log_times(*pair.older)) older[round] = -value;
  for (const auto& [round, value] : log_times(*pair.newer)) newer[round] = -value;
  return of_rounds(older, newer, pair);
}

ContrastPtr of_energy(const CellPair& pair, const ComparedMetric& /*metric*/) {
  return of_rounds(log_energies(*pair.older), log_energies(*pair.newer), pair);
}

template <int percent>
ContrastPtr of_percentile(const CellPair& pair, const ComparedMetric& metric) {
  if (pair.is_paired) return nullptr;  // no rule that may be looked at after every round
  if (!pair.older->estimates.contains(metric.name) || !pair.newer->estimates.contains(metric.name)) return nullptr;
  const auto logs = [](const std::vector<double>& durations) {
    std::vector<double> result(durations.size());
    std::transform(durations.begin(), durations.end(), result.begin(), [](double ns) { return std::log(ns); });
    return result;
  };
  return percentile_of(logs(pair.older->durations_ns), logs(pair.newer->durations_ns), percent / 100.0);
}

ContrastPtr of_speedup(const CellPair& pair, const ComparedMetric& /*metric*/) {
  if (!pair.older_baseline || !pair.newer_baseline) return nullptr;
  return of_rounds(difference(log_times(*pair.older_baseline), log_times(*pair.older)),
                   difference(log_times(*pair.newer_baseline), log_times(*pair.newer)), pair);
}

ContrastPtr of_realised(const CellPair& pair, const ComparedMetric& metric) {
  if (!pair.older_baseline || !pair.newer_baseline) return nullptr;
  const auto fractions = [&](const MeasuredCell& cell, const MeasuredCell& baseline) {
    ByRound result;
    const auto theory = value_of(cell, "theoretical_speedup");
    if (!theory || !cell.estimates.contains(metric.name)) return result;
    for (const auto& [round, log_speedup] : difference(log_times(baseline), log_times(cell))) {
      result[round] = (std::exp(log_speedup) - 1) / (*theory - 1);
    }
    return result;
  };
  return of_rounds(fractions(*pair.older, *pair.older_baseline), fractions(*pair.newer, *pair.newer_baseline), pair);
}

ContrastPtr of_memory(const CellPair& pair, const ComparedMetric& metric) {
  const auto before = value_of(*pair.older, metric.name);
  const auto after = value_of(*pair.newer, metric.name);
  return before && after ? exact_of(std::log(*after / *before)) : nullptr;
}

// The standard error that a stored interval of Student's t stands for: groups of samples, 20 at the least.
std::optional<double> standard_error(const QualityRow& row) {
  constexpr double kDegreesOfFreedom = 19;
  if (!row.low) return std::nullopt;
  const boost::math::students_t distribution(kDegreesOfFreedom);
  return (*row.high - *row.low) / 2 / boost::math::quantile(distribution, (1 + row.confidence) / 2);
}

// Equal samples have equal quality, and nothing is left to chance. Otherwise both values vary; the samples come from
// the same seeds, so that to add the variances errs on the wide side.
ContrastPtr of_quality(const CellPair& pair, const ComparedMetric& metric) {
  const auto older = pair.older->quality.find(metric.name);
  const auto newer = pair.newer->quality.find(metric.name);
  if (older == pair.older->quality.end() || newer == pair.newer->quality.end()) return nullptr;
  const QualityRow& before = older->second.row;
  const QualityRow& after = newer->second.row;
  const bool is_ratio = metric.scale == Scale::kRatio;
  if (is_ratio && (before.value <= 0 || after.value <= 0)) return nullptr;
  const double difference = is_ratio ? std::log(after.value / before.value) : after.value - before.value;
  if (!before.sample_checksum.empty() && before.sample_checksum == after.sample_checksum) return exact_of(difference);
  const auto error_before = standard_error(before);
  const auto error_after = standard_error(after);
  if (!error_before || !error_after) return nullptr;
  const double together = is_ratio ? std::hypot(*error_before / before.value, *error_after / after.value)
                                   : std::hypot(*error_before, *error_after);
  return student_of(difference, together, 19);
}

const std::vector<ComparedMetric>& speed_metrics() {
  static const std::vector<ComparedMetric> kMetricsOfSpeed = {
      {"latency", Scale::kRatio, 0.02, true, true, true, false, true, of_time},
      {"throughput", Scale::kRatio, 0.02, false, true, true, true, false, of_throughput},
      {"speedup", Scale::kRatio, 0.02, true, true, true, false, false, of_speedup},
      {"realised_fraction", Scale::kDifference, 0.05, false, true, true, true, false, of_realised},
      {"latency_p90", Scale::kRatio, 0.05, false, true, true, false, true, of_percentile<90>},
      {"latency_p99", Scale::kRatio, 0.05, false, true, true, false, true, of_percentile<99>},
      {"peak_memory", Scale::kRatio, 0.10, true, false, true, false, true, of_memory},
      {"device_memory", Scale::kRatio, 0.02, true, false, true, false, true, of_memory},
      {"energy_per_sample", Scale::kRatio, 0.05, false, false, true, false, true, of_energy},
  };
  return kMetricsOfSpeed;
}

// A further extractor's values ("fid@clip") are compared as those of the first. The difference to `full` holds what
// the value holds, so it makes no claim of its own; it may be 0 or less, so it has no ratio, and of a metric that is
// compared by ratio the share of the metric's own value is what matters.
ComparedMetric quality_metric(const std::string& name, const MetricRow& row) {
  constexpr std::string_view kDifference = "_difference";
  const bool is_fid = row.name == "fid";  // the one that has always failed the gate
  const bool is_difference = row.name.ends_with(kDifference);
  const bool is_ratio = row.comparison == "ratio";
  std::string share_of;
  if (is_difference && is_ratio) {
    share_of = name;
    share_of.erase(row.name.size() - kDifference.size(), kDifference.size());  // an extractor may follow: "@clip"
  }
  return {.name = name,
          .scale = is_ratio && !is_difference ? Scale::kRatio : Scale::kDifference,
          .smallest_effect = row.smallest_effect,
          .gates = is_fid,
          .is_speed = false,
          .needs_machine = false,
          .is_other_face = is_difference,
          .lower_is_better = row.better == "lower",
          .contrast = of_quality,
          .share_of = std::move(share_of)};
}

}  // namespace

std::span<const ComparedMetric> compared_metrics() { return speed_metrics(); }

const ComparedMetric* find_compared_metric(std::string_view name) {
  const auto& metrics = speed_metrics();
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const ComparedMetric& metric) { return metric.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

std::vector<ComparedMetric> compared_metrics(const MeasuredRun& older, const MeasuredRun& newer) {
  // by extractor and metric, so that a difference to `full` follows on its value
  using Place = std::tuple<int, std::string, std::string>;  // extractor, metric, name
  const auto places = [](const MeasuredRun& run) {
    std::set<Place> found;
    for (const MeasuredCell& cell : run.cells) {
      for (const auto& [name, quality] : cell.quality) found.emplace(quality.row.extractor, quality.row.metric, name);
    }
    return found;
  };
  const auto of_older = places(older);
  std::vector<ComparedMetric> metrics = speed_metrics();
  for (const auto& place : places(newer)) {
    if (!of_older.contains(place)) continue;
    const std::string& metric = std::get<1>(place);
    const auto row = std::find_if(newer.quality_metrics.begin(), newer.quality_metrics.end(),
                                  [&](const MetricRow& one) { return one.name == metric; });
    if (row != newer.quality_metrics.end()) metrics.push_back(quality_metric(std::get<2>(place), *row));
  }
  return metrics;
}

std::optional<double> value_of(const MeasuredCell& cell, std::string_view metric) {
  if (const auto found = cell.estimates.find(metric); found != cell.estimates.end()) return found->second.value;
  if (const auto found = cell.quality.find(metric); found != cell.quality.end()) return found->second.row.value;
  return std::nullopt;
}

}  // namespace diffbench::results
