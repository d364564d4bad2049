#include "harness/commands/calibration_output.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

namespace diffbench::commands {
namespace {

using nlohmann::json;
using risk_control::BoundKind;
using risk_control::Calibration;

const char* title_of(BoundKind kind) {
  switch (kind) {
    case BoundKind::level_of_mean:
      return "allowed mean";
    case BoundKind::upper_bound:
      return "upper bound";
    case BoundKind::p_value:
      return "p-value";
  }
  return "";
}

// null where it belongs to a threshold and there is none
json bound_of(const Calibration& result) {
  if (result.index) {
    return result.candidates[*result.index].bound;
  }
  return result.procedure->bound_kind == BoundKind::level_of_mean ? json(result.candidates[0].bound) : json();
}

json drops_json(const Calibration& result) {
  json drops = json::array();
  for (const auto& drop : result.monotonicity.drops) {
    drops.push_back({{"from", drop.from},
                     {"to", drop.to},
                     {"size", drop.size},
                     {"standard_error", drop.standard_error},
                     {"beyond_noise", drop.beyond_noise()}});
  }
  return drops;
}

}  // namespace

nlohmann::json calibration_json(const Calibration& result) {
  json document = {{"procedure", result.procedure->name},
                   {"epsilon", result.target.epsilon},
                   {"delta", result.target.delta},
                   {"loss_bound", result.target.bound},
                   {"n", result.units},
                   {"index", nullptr},
                   {"threshold", nullptr},
                   {"risk", nullptr},
                   {"bound", bound_of(result)},
                   {"guarantee", result.procedure->guarantee},
                   {"drops", drops_json(result)},
                   {"recommended", result.should_use_ltt() ? json("ltt_hb") : json()},
                   {"thresholds", json::array()}};
  if (result.index) {
    document["index"] = *result.index;
    document["threshold"] = result.candidates[*result.index].threshold;
    document["risk"] = result.candidates[*result.index].risk;
  }
  for (const auto& candidate : result.candidates) {
    document["thresholds"].push_back({{"threshold", candidate.threshold},
                                      {"risk", candidate.risk},
                                      {"bound", candidate.bound},
                                      {"certified", candidate.certified}});
  }
  return document;
}

void print_calibration(const Calibration& result) {
  fmt::print("{:>5} {:>12} {:>12} {:>14}  {}\n", "index", "threshold", "mean loss",
             title_of(result.procedure->bound_kind), "certified");
  for (size_t k = 0; k < result.candidates.size(); ++k) {
    const auto& candidate = result.candidates[k];
    fmt::print("{:>5} {:>12.6g} {:>12.6g} {:>14.6g}  {}{}\n", k, candidate.threshold, candidate.risk, candidate.bound,
               candidate.certified ? "yes" : "no", result.index == k ? "  <- chosen" : "");
  }
  if (!result.index) {
    fmt::print("no threshold qualifies: run the full network\n");
  }
  fmt::print("{}, n = {}, guarantee: {}\n", result.procedure->name, result.units, result.procedure->guarantee);
}

void warn_of_drops(const Calibration& result) {
  for (const auto& drop : result.monotonicity.drops) {
    if (drop.beyond_noise()) {
      spdlog::warn("the mean loss falls by {:.3g} (standard error {:.2g}) from index {} to {}", drop.size,
                   drop.standard_error, drop.from, drop.to);
    }
  }
  if (result.should_use_ltt()) {
    spdlog::warn("{} assumes that it never falls; ltt_hb does not: use --procedure ltt_hb", result.procedure->name);
  }
}

}  // namespace diffbench::commands
