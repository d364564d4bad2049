// diffbench calibrate: the most eager exit threshold whose risk is under control, from a table of losses in a file or
// made on a model.

#include <fmt/core.h>

#include <iostream>
#include <memory>
#include <optional>

#include "harness/commands/calibrate_cache.h"
#include "harness/commands/calibrate_model.h"
#include "harness/commands/calibrate_splits.h"
#include "harness/commands/calibration_losses.h"
#include "harness/commands/calibration_output.h"
#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::commands {
namespace {

struct CalibrateOptions {
  std::string losses_file;
  ModelCalibration model;
  std::string procedure;
  risk_control::Target target;
  std::optional<double> bound;
  SplitOptions splits;
  CacheCalibration cache;
  bool json = false;
};

std::string procedures_text() {
  std::string text = "Procedures:\n";
  for (const auto& procedure : risk_control::procedures()) {
    text +=
        fmt::format("  {:<8} {}\n           guarantee: {}\n", procedure.name, procedure.summary, procedure.guarantee);
  }
  return text;
}

// what calibrates: the file's table, or one that is made on the model
std::pair<risk_control::LossTable, std::optional<CalibratedModel>> losses_of(const CalibrateOptions& options) {
  if (!options.losses_file.empty()) {
    return {risk_control::read_loss_table(options.losses_file), std::nullopt};
  }
  auto model = prepare(options.model);
  return {model.losses, std::move(model)};
}

void calibrate_once(const CalibrateOptions& options) {
  const auto& procedure = risk_control::procedure_named(options.procedure);
  risk_control::check(options.target);
  auto [table, model] = losses_of(options);
  const auto result = risk_control::calibrate(table, procedure, options.target);
  if (model && !options.model.out.empty()) {
    write_result(*std::move(model), result, options.model.out);
  }
  if (options.json) {
    std::cout << calibration_json(result).dump() << "\n";
  } else {
    print_calibration(result);
  }
  warn_of_drops(result);
}

void calibrate_splits(const CalibrateOptions& options) {
  const auto request = split_request(options.splits, options.target.delta, options.target.bound);
  evaluate_splits_of(losses_of(options).first, request, options.splits.out, options.json);
}

}  // namespace

void add_calibrate(Command program, int& exit_code) {
  auto options = std::make_shared<CalibrateOptions>();
  const Command command =
      program.add_subcommand("calibrate", "the most eager exit threshold whose risk is under control");
  command.add_option("--losses", options->losses_file,
                     ".safetensors or .npz with losses [n, L] and thresholds [L], column 0 the most cautious");
  add_model_calibration(command, options->model);
  add_split_options(command, options->splits);
  add_cache_calibration(command, options->cache);
  const auto procedure = command.add_option("--procedure", options->procedure, "crc | ucb_wsr | ltt_hb | naive");
  const auto epsilon = command.add_option("--epsilon", options->target.epsilon, "the risk (expected loss) allowed");
  for (const Option& option : {procedure, epsilon, command.option("--out")}) {  // splits try all, and choose none
    option.excludes(command.option("--splits"));
  }
  command.add_option("--delta", options->target.delta, "the chance of exceeding it allowed (ucb_wsr, ltt_hb)")
      .capture_default_str();
  command.add_option("--bound", options->bound, "B: losses lie in [-B, B] (default: that of --loss, or 1)");
  command.add_flag("--json", options->json, "print one JSON document");
  command.footer(
      procedures_text() +
      "Example: diffbench calibrate --losses losses.npz --epsilon 0.05 --delta 0.1 --procedure ltt_hb\n"
      "         diffbench calibrate --model fashion_mnist --solver ddim --steps 20 --num 200 --epsilon 0.05 "
      "--procedure ltt_hb --out calibration.toml\n"
      "         diffbench calibrate --losses losses.safetensors --splits 50 --calibration-units 100 --splits-out "
      "s.csv\n"
      "         diffbench calibrate --teacache --model fashion_mnist --steps 20 --num 64 --out tea_cache.toml");
  command.callback([options, procedure, epsilon, &exit_code] {
    if (options->losses_file.empty() == options->model.model.model.empty()) {
      throw config::InputError("--losses, --model: calibrate takes one of them");
    }
    if (options->cache.is_asked()) {
      calibrate_cache(options->cache, options->model);
      exit_code = 0;
      return;
    }
    const bool makes_losses = options->losses_file.empty();
    options->target.bound =
        options->bound.value_or(makes_losses ? calibration_loss_named(options->model.loss).bound : 1.0);
    if (options->splits.splits > 0) {
      calibrate_splits(*options);
    } else {
      procedure.demand();
      epsilon.demand();
      calibrate_once(*options);
    }
    exit_code = 0;
  });
}

}  // namespace diffbench::commands
