// diffbench judge DB: more quality metrics of a run that is there, from what it stored, without sampling.

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "harness/commands/commands.h"
#include "harness/commands/stored_quality.h"
#include "harness/measure/judge_stored.h"
#include "methods/config/input_error.h"
#include "results/compare/run_choice.h"
#include "results/summary.h"

namespace diffbench::commands {
namespace {

using config::InputError;

struct Options {
  std::string database;
  std::vector<std::string> metrics;
  std::string lpips;
  bool json = false;
};

void print(const results::Store& store, int64_t run, const measure::Metrics& metrics, bool as_json) {
  auto list = nlohmann::json::array();
  for (const auto& cell : results::summarize(store, run)) {
    for (const auto& [name, estimate] : cell.estimates) {
      const auto is_asked = std::any_of(metrics.begin(), metrics.end(), [&](const auto* metric) {
        return name.substr(0, name.find('@')) == metric->name;
      });
      if (!is_asked) continue;
      list.push_back({{"key", cell.row.key}, {"metric", name}, {"value", estimate.value}, {"n", estimate.n}});
      list.back()["low"] = estimate.interval ? nlohmann::json(estimate.interval->low) : nlohmann::json();
      list.back()["high"] = estimate.interval ? nlohmann::json(estimate.interval->high) : nlohmann::json();
      if (as_json) continue;
      fmt::print("{:<60} {:<18} {:>12.6g}", cell.row.key, name, estimate.value);
      if (estimate.interval) fmt::print("  [{:.4g}, {:.4g}]", estimate.interval->low, estimate.interval->high);
      fmt::print("\n");
    }
  }
  if (as_json) std::cout << nlohmann::json{{"run", run}, {"values", list}}.dump(2) << "\n";
}

int judge(const Options& options) {
  const auto metrics = quality::find_metrics(options.metrics, "--metrics");
  const auto [file, run] = [&] {
    const auto choice = results::choose_run(options.database);
    return std::pair(choice.store.name(), choice.run);
  }();
  auto store = results::Store::open_or_create(file);
  const auto extractors = store.extractors(run);
  if (extractors.empty()) throw InputError(options.database + ": run " + std::to_string(run) + " judged no quality");
  const auto references = stored_references(store, run);
  measure::JudgeRequest request{.metrics = metrics, .references = references};
  if (!options.lpips.empty()) {
    const auto lpips = measure::load_lpips(options.lpips, at::kCPU, {"--lpips"});
    request.lpips = lpips.network;
    const results::ExtractorRow row{.place = measure::lpips_place(references.size()),
                                    .name = std::filesystem::path(lpips.file).filename().string(),
                                    .mode = "lpips",
                                    .to_uint8 = extractors.front().to_uint8,
                                    .sha256 = lpips.sha};
    store.put_extractors(run, std::vector{row});
  }
  const auto faults = measure::judge_stored(store, run, request);
  for (const auto& [owner, fault] : faults) spdlog::error("cell {}: {}", owner, fault);
  print(store, run, metrics, options.json);
  return faults.empty() ? 0 : 1;
}

}  // namespace

void add_judge(Command program, int& exit_code) {
  const Command command =
      program.add_subcommand("judge", "more quality metrics of a run that is there, without sampling");
  auto options = std::make_shared<Options>();
  command.add_option("results", options->database, "results file, or one run of it: F.db@12, F.db@latest").required();
  command.add_option("--metrics", options->metrics, "comma-separated; all of them: diffbench list metrics")
      .delimiter(',')
      .required();
  command.add_option("--lpips", options->lpips, "TorchScript LPIPS network, for lpips");
  command.add_flag("--json", options->json, "one JSON document on stdout: the values");
  command.footer(
      "Example: diffbench judge results.db --metrics kid,prc\nMetrics of pixels need a run with [quality] keep = "
      "\"images\".");
  command.callback([options, &exit_code] { exit_code = judge(*options); });
}

}  // namespace diffbench::commands
