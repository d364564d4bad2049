// diffbench merge: several results files into one.

#include "results/merge.h"

#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string output;
  bool json = false;
};

void merge(const Options& options) {
  const auto result = results::merge_files({options.files.begin(), options.files.end()}, options.output);
  if (options.json) {
    std::cout << nlohmann::json{{"output", options.output}, {"runs", result.runs}, {"repeated", result.repeated}}.dump(
                     2)
              << "\n";
  } else {
    spdlog::info("{}: {} runs; {} copies of them were left out", options.output, result.runs, result.repeated);
  }
}

}  // namespace

void add_merge(Command program, int& /*exit_code*/) {
  const Command command = program.add_subcommand("merge", "several results files into one, each run once");
  auto options = std::make_shared<Options>();
  command.add_option("files", options->files, "results files; one that is given twice counts once").required();
  command.add_option("-o,--output", options->output, "file to write; the runs of one that is there stay in it")
      .required();
  command.add_flag("--json", options->json, "one JSON document on stdout: what was merged");
  command.footer("Example: diffbench merge monday.db tuesday.db -o history.db");
  command.callback([options] { merge(*options); });
}

}  // namespace diffbench::commands
