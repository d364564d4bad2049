#include "harness/commands/stored_quality.h"

#include <algorithm>

#include "harness/measure/judge_stored.h"
#include "harness/suite/suite.h"
#include "methods/config/input_error.h"
#include "methods/data/sha256.h"
#include "results/estimates.h"

namespace diffbench::commands {
namespace {

using config::InputError;

void check_file(const std::string& file, const std::string& sha, const std::string& what) {
  if (!std::filesystem::is_regular_file(file)) throw InputError(file + ": " + what + " is not there any more");
  if (data::sha256_of_file(file) == sha) return;
  throw InputError(file + ": is not the file that the run had as " + what + " (sha256 " + sha.substr(0, 12) +
                   "...); values of two do not belong into one run");
}

// what followed on --set in the command line that the run keeps
std::vector<std::string> overrides_of(const results::RunRow& row) {
  const auto words = nlohmann::json::parse(row.argv).get<std::vector<std::string>>();
  std::vector<std::string> overrides;
  bool is_value = false;
  for (const auto& word : words) {
    constexpr std::string_view kJoined = "--set=";
    if (word.starts_with(kJoined)) overrides.push_back(word.substr(kJoined.size()));
    if (is_value && !word.starts_with("-")) overrides.push_back(word);
    is_value = word == "--set" || (is_value && !word.starts_with("-"));
  }
  return overrides;
}

quality::PairNetwork lpips_of(const results::Store& store, int64_t run) {
  for (const auto& cell : store.cells(run)) {
    for (const auto& file : store.artifacts(cell.id)) {
      if (file.role != "lpips") continue;
      check_file(file.path, file.sha256, "its LPIPS network");
      return measure::load_lpips(file.path, at::kCPU, {"[quality] lpips"}).network;
    }
  }
  return {};
}

}  // namespace

std::vector<measure::ReferenceFile> stored_references(const results::Store& store, int64_t run) {
  std::vector<measure::ReferenceFile> references;
  for (const auto& row : store.extractors(run)) {
    if (row.reference.empty()) continue;
    check_file(row.reference, row.reference_sha, "the reference of extractor " + row.name);
    references.push_back(measure::load_reference(row.place, row.reference));
  }
  return references;
}

void judge_as_asked(results::Store& store, int64_t run) {
  const auto row = store.run(run);
  const auto asked = suite::parse_suite_text(row.suite_text, row.suite_name, overrides_of(row)).quality;
  const auto references = stored_references(store, run);
  const measure::JudgeRequest request{.metrics = quality::find_metrics(asked.metrics, asked.metrics_where),
                                      .references = references,
                                      .lpips = lpips_of(store, run)};
  const auto faults = measure::judge_stored(store, run, request);
  for (const auto& judged : store.judgements(run)) {
    const auto fault = faults.find(judged.owner);
    if (fault != faults.end()) {
      store.set_cell_status(judged.cell, results::CellStatus::kFailed, "quality: " + fault->second);
    }
  }
  measure::keep_of_judged(store, run, asked.keep);
  results::store_estimates(store, run);
  if (!faults.empty()) store.finish_run(run, false);
}

}  // namespace diffbench::commands
