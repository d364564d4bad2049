// diffbench calibrate: the most eager exit threshold whose risk is under control, from a table of losses in a file or
// made on a model.

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/commands/calibrate_model.h"
#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::commands {
namespace {

using nlohmann::json;
using risk_control::BoundKind;
using risk_control::Calibration;

struct CalibrateOptions {
  std::string losses_file;
  ModelCalibration model;
  std::string procedure;
  risk_control::Target target;
  bool json = false;
};

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

json to_json(const Calibration& result) {
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

void print_table(const Calibration& result) {
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

std::string procedures_text() {
  std::string text = "Procedures:\n";
  for (const auto& procedure : risk_control::procedures()) {
    text +=
        fmt::format("  {:<8} {}\n           guarantee: {}\n", procedure.name, procedure.summary, procedure.guarantee);
  }
  return text;
}

}  // namespace

void add_calibrate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CalibrateOptions>();
  auto* command = app.add_subcommand("calibrate", "the most eager exit threshold whose risk is under control");
  command->add_option("--losses", options->losses_file,
                      ".safetensors or .npz with losses [n, L] and thresholds [L], column 0 the most cautious");
  add_model_calibration(*command, options->model);
  command->add_option("--procedure", options->procedure, "crc | ucb_wsr | ltt_hb | naive")->required();
  command->add_option("--epsilon", options->target.epsilon, "the risk (expected loss) allowed")->required();
  command->add_option("--delta", options->target.delta, "the chance of exceeding it allowed (ucb_wsr, ltt_hb)")
      ->capture_default_str();
  command->add_option("--bound", options->target.bound, "B: losses lie in [-B, B]")->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer(
      procedures_text() +
      "Example: diffbench calibrate --losses losses.npz --epsilon 0.05 --delta 0.1 --procedure ltt_hb\n"
      "         diffbench calibrate --model fashion_mnist --solver ddim --steps 20 --num 200 --epsilon 0.05 "
      "--procedure ltt_hb --out calibration.toml");
  command->callback([options, &exit_code] {
    const auto& procedure = risk_control::procedure_named(options->procedure);
    if (options->losses_file.empty() == options->model.model.model.empty()) {
      throw config::InputError("--losses, --model: calibrate takes one of them");
    }
    risk_control::check(options->target);
    std::optional<CalibratedModel> model;
    risk_control::LossTable table;
    if (options->losses_file.empty()) {
      model = prepare(options->model);
      table = model->losses;
    } else {
      table = risk_control::read_loss_table(options->losses_file);
    }
    const Calibration result = risk_control::calibrate(table, procedure, options->target);
    if (model && !options->model.out.empty()) {
      write_result(*std::move(model), result, options->model.out);
    }
    if (options->json) {
      std::cout << to_json(result).dump() << "\n";
    } else {
      print_table(result);
    }
    warn_of_drops(result);
    exit_code = 0;
  });
}

}  // namespace diffbench::commands
