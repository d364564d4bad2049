// diffbench merge: several results files into one.

#include "results/merge.h"

#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "harness/commands/stored_quality.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string output;
  bool json = false;
};

std::string list_of(const std::vector<int>& parts) {
  std::string list;
  for (const int part : parts) list += (list.empty() ? "" : ", ") + std::to_string(part);
  return list;
}

// runs whose parts are all there now get what a run made whole ends with
void judge_whole(const Options& options, const results::MergeResult& result) {
  for (const auto& joined : result.joined) {
    if (!joined.missing.empty()) {
      spdlog::warn("{}: run {} ({}): of {} parts missing: {}", options.output, joined.run, joined.suite_name,
                   joined.part_count, list_of(joined.missing));
      continue;
    }
    spdlog::info("{}: run {} ({}): all {} parts are there", options.output, joined.run, joined.suite_name,
                 joined.part_count);
    auto store = results::Store::open_or_create(options.output);
    judge_as_asked(store, joined.run);
  }
}

void merge(const Options& options) {
  const auto result = results::merge_files({options.files.begin(), options.files.end()}, options.output);
  judge_whole(options, result);
  if (!options.json) {
    spdlog::info("{}: {} runs; {} copies of them were left out", options.output, result.runs, result.repeated);
    return;
  }
  auto joined = nlohmann::json::array();
  for (const auto& one : result.joined) {
    joined.push_back(
        {{"run", one.run}, {"suite", one.suite_name}, {"parts", one.part_count}, {"missing", one.missing}});
  }
  const nlohmann::json document{
      {"output", options.output}, {"runs", result.runs}, {"repeated", result.repeated}, {"joined", joined}};
  std::cout << document.dump(2) << "\n";
}

}  // namespace

void add_merge(Command program, int& /*exit_code*/) {
  const Command command =
      program.add_subcommand("merge", "several results files into one, each run once; parts of a run become that run");
  auto options = std::make_shared<Options>();
  command.add_option("files", options->files, "results files; one that is given twice counts once").required();
  command.add_option("-o,--output", options->output, "file to write; the runs of one that is there stay in it")
      .required();
  command.add_flag("--json", options->json, "one JSON document on stdout: what was merged");
  command.footer(
      "Example: diffbench merge monday.db tuesday.db -o history.db\nExample: diffbench merge part1.db part2.db "
      "part3.db -o results.db");
  command.callback([options] { merge(*options); });
}

}  // namespace diffbench::commands
