#include "harness/selfcheck/analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "results/compare/verdicts.h"
#include "results/statistics.h"

namespace diffbench::selfcheck {
namespace {

using results::MeasuredRun;

// rounds [from, from + count) of one twin of every cell, as a run
MeasuredRun run_of(const std::vector<TwinCell>& cells, int from, int count, bool second) {
  MeasuredRun run;
  for (const TwinCell& cell : cells) {
    auto& measured = run.cells.emplace_back();
    auto& row = measured.stored.row;
    measured.stored.status = results::CellStatus::kOk;
    measured.stored.stop_reason = results::kTimeIsUp;  // blocks have the length that they were given
    row.key = row.identity = cell.key;
    row.baseline_key = cell.baseline_key;
    row.role = cell.baseline_key.empty() ? results::CellRole::kBaseline : results::CellRole::kMethod;
    const auto& times = second ? cell.second_ns : cell.first_ns;
    for (int round = 0; round < count; ++round) {
      measured.rounds[round].ns_per_sample = times[static_cast<size_t>(from + round)];
    }
    measured.estimates["latency"].value = 1;  // that there is one; the comparison reads rounds
    if (row.role == results::CellRole::kMethod) measured.estimates["speedup"].value = 1;
  }
  return run;
}

int rounds_of(const std::vector<TwinCell>& cells) {
  size_t rounds = cells.empty() ? 0 : cells.front().first_ns.size();
  for (const auto& cell : cells) rounds = std::min({rounds, cell.first_ns.size(), cell.second_ns.size()});
  return static_cast<int>(rounds);
}

void count(const results::Comparison& comparison, FalseAlarms& alarms) {
  ++alarms.comparisons;
  alarms.regressions += comparison.outcome == results::Outcome::kRegression ? 1 : 0;
  for (const auto& row : comparison.rows) {
    if (!row.gates) continue;
    ++alarms.claims;
    alarms.false_claims += results::is_claim(row.verdict) ? 1 : 0;
  }
}

std::vector<double> log_ratios(const TwinCell& cell) {
  std::vector<double> logs;
  for (size_t i = 0; i < std::min(cell.first_ns.size(), cell.second_ns.size()); ++i) {
    logs.push_back(std::log(cell.second_ns[i] / cell.first_ns[i]));
  }
  return logs;
}

}  // namespace

FalseAlarms alarms_of_compare(const std::vector<TwinCell>& cells, int rounds_per_block) {
  FalseAlarms alarms;
  const int blocks = rounds_of(cells) / rounds_per_block;
  for (int older = 0; older < blocks; ++older) {
    for (int newer = older + 1; newer < blocks; ++newer) {
      count(results::compare_runs(run_of(cells, older * rounds_per_block, rounds_per_block, false),
                                  run_of(cells, newer * rounds_per_block, rounds_per_block, false), {}, false),
            alarms);
    }
  }
  return alarms;
}

FalseAlarms alarms_of_ab(const std::vector<TwinCell>& cells, int rounds_per_block) {
  FalseAlarms alarms;
  for (int from = 0; from + rounds_per_block <= rounds_of(cells); from += rounds_per_block) {
    count(results::compare_runs(run_of(cells, from, rounds_per_block, false),
                                run_of(cells, from, rounds_per_block, true), {}, true),
          alarms);
  }
  return alarms;
}

std::optional<double> smallest_effect(const std::vector<TwinCell>& cells, std::int64_t rounds) {
  constexpr std::array kEffects = {0.022, 0.024, 0.026, 0.03, 0.035, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0};
  constexpr int kTrials = 100;
  constexpr int kNeeded = 90;
  constexpr std::int64_t kMostRounds = 4000;
  std::vector<double> pool;
  for (const TwinCell& cell : cells) {
    const auto logs = log_ratios(cell);
    const double centre = logs.empty() ? 0 : results::median(logs);
    for (const double value : logs) pool.push_back(value - centre);
  }
  if (pool.empty() || rounds < 1) return std::nullopt;
  const double smallest = std::log1p(results::find_compared_metric("latency")->smallest_effect);
  const double level = 0.05 / static_cast<double>(cells.size());
  std::mt19937_64 random(1);
  std::uniform_int_distribution<size_t> draw(0, pool.size() - 1);
  for (const double effect : kEffects) {
    int found = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<double> differences(static_cast<size_t>(std::min(rounds, kMostRounds)));
      std::generate(differences.begin(), differences.end(), [&] { return pool[draw(random)] + std::log1p(effect); });
      found += results::turns_of(differences, true)->p_beyond(smallest) <= level ? 1 : 0;
      if (found + (kTrials - 1 - trial) < kNeeded) break;
    }
    if (found >= kNeeded) return effect;
  }
  return std::nullopt;
}

double pair_noise(const std::vector<TwinCell>& cells) {
  std::vector<double> deviations;
  for (const TwinCell& cell : cells) {
    const auto logs = log_ratios(cell);
    if (logs.empty()) continue;
    const double centre = results::median(logs);
    for (const double value : logs) deviations.push_back(std::abs(value - centre));
  }
  return deviations.empty() ? 0 : 1.4826 * results::median(deviations);
}

}  // namespace diffbench::selfcheck
