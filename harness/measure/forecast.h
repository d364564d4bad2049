#pragma once
// What can be said of a run before it runs. Pure.
//
//   const Promise promise = promise_of(runner.facts(), runner.plan(), guidance, backbone);
//   const TimeForecast time = forecast_time(suite, world.size(), costs);
//   fmt::print("{} to {} s", time.least_s(), time.most_s());

#include <optional>
#include <string>
#include <vector>

#include "harness/measure/runner.h"
#include "harness/suite/suite.h"
#include "methods/backbones/backbone.h"
#include "methods/sampling/guidance.h"
#include "methods/solvers/plan.h"

namespace diffbench::measure {

// of one sample's whole trajectory
struct Promise {
  double blocks_full = 0.0;        // with every block executed
  std::optional<double> blocks{};  // what the method promises; none where that is no function of time alone
  std::optional<double> flops{};   // of those blocks, embedding and head; what is left of dropped blocks is not counted
};

// Guided evaluations count both halves. A time outside of all bins takes the nearest bin.
Promise promise_of(const CellFacts& facts, const solvers::Plan& plan, const Guidance& guidance,
                   const backbones::Backbone& backbone);

// what a cell costs; at most, where the method may save something
struct CellCost {
  double repetition_s = 0.0;
  double sample_s = 0.0;        // of one sample that is judged
  std::string judgement_key{};  // cells with one key are checked and judged once; empty: never (the null method)
};

struct TimeForecast {
  double checks_s = 0.0;
  double timing_least_s = 0.0;  // warm-up converges at once, and the fewest rounds do
  double timing_most_s = 0.0;
  bool timing_is_capped = false;  // [timing] max_seconds ends it
  double quality_s = 0.0;

  double least_s() const { return checks_s + timing_least_s + quality_s; }
  double most_s() const { return checks_s + timing_most_s + quality_s; }
};

TimeForecast forecast_time(const suite::Suite& suite, int rank_count, const std::vector<CellCost>& cells);

}  // namespace diffbench::measure
