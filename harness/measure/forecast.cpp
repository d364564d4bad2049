#include "harness/measure/forecast.h"

#include <algorithm>
#include <map>

namespace diffbench::measure {
namespace {

constexpr double kWarmUpRepetitions = 4.0;  // two windows of two: the least that can agree (warm_up.h)
constexpr double kLeastRounds = 2.0;        // are measured whatever the time budget says (stop_rule.cpp)
constexpr double kCheckedSamples = 24.0;    // about, by all that is compared before timing (check.h), of each method

double depth_at(const std::vector<results::PlannedDepthRow>& bins, double t) {
  const auto bin =
      std::find_if(bins.begin(), bins.end(), [&](const results::PlannedDepthRow& row) { return t < row.to_t; });
  return bin == bins.end() ? bins.back().blocks : bin->blocks;
}

double flops_to(const backbones::Backbone& backbone, double depth) {
  double flops = backbone.embed_cost().flops + backbone.head_cost().flops;
  for (int block = 0; block < backbone.block_count() && block < depth; ++block) {
    flops += backbone.cost(block).flops;
  }
  return flops;
}

}  // namespace

Promise promise_of(const CellFacts& facts, const solvers::Plan& plan, const Guidance& guidance,
                   const backbones::Backbone& backbone) {
  Promise promise;
  double blocks = 0.0;
  double flops = 0.0;
  for (const auto& evaluation : plan.evaluations) {
    const double rows = guidance.active_at(evaluation.t) ? 2.0 : 1.0;
    promise.blocks_full += rows * facts.block_count;
    if (!facts.planned_depths.empty()) {
      const double depth = depth_at(facts.planned_depths, evaluation.t);
      blocks += rows * depth;
      flops += rows * flops_to(backbone, depth);
    }
  }
  if (!facts.planned_depths.empty()) {
    promise.blocks = blocks;
    promise.flops = flops;
  }
  return promise;
}

TimeForecast forecast_time(const suite::Suite& suite, int rank_count, const std::vector<CellCost>& cells) {
  const auto& timing = suite.timing;
  double round = 0.0;  // every cell once
  double warm_least = 0.0;
  double warm_most = 0.0;
  std::map<std::string, double> sample_s;  // by judgement, the dearest of its cells
  for (const auto& cell : cells) {
    round += cell.repetition_s;
    if (timing.warmup_max_seconds > 0.0) {
      warm_least +=
          std::min(kWarmUpRepetitions * cell.repetition_s, std::max(cell.repetition_s, timing.warmup_max_seconds));
      warm_most += timing.warmup_max_seconds + cell.repetition_s;  // the last repetition is finished
    }
    if (!cell.judgement_key.empty()) {
      auto& dearest = sample_s[cell.judgement_key];
      dearest = std::max(dearest, cell.sample_s);
    }
  }
  TimeForecast forecast;
  const double least = warm_least + timing.min_rounds * round;
  const double most = warm_most + timing.max_rounds * round;
  // the round in which the time is spent is finished
  const double cap = std::max(timing.max_seconds, warm_most + (kLeastRounds - 1.0) * round) + round;
  forecast.timing_least_s = std::min(least, std::max(timing.max_seconds, warm_least + kLeastRounds * round));
  forecast.timing_most_s = std::max(std::min(most, cap), forecast.timing_least_s);
  forecast.timing_is_capped = most > cap;
  for (const auto& [key, seconds] : sample_s) {
    forecast.checks_s += kCheckedSamples * seconds / rank_count;
    forecast.quality_s += static_cast<double>(suite.quality.samples) * seconds / rank_count;
  }
  return forecast;
}

}  // namespace diffbench::measure
