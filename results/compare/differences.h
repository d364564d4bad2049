#pragma once
// What was not the same in two runs, apart from what was measured.
//
//   for (const Difference& one : run_differences(older, newer)) print(one.group, one.entry, one.older, one.newer);
//   if (const auto why = cell_difference(older_cell, newer_cell)) ...    // why their identities differ

#include <optional>
#include <string>
#include <vector>

#include "results/compare/measured_run.h"

namespace diffbench::results {

struct Difference {
  std::string group{};  // machine | library | layout | suite | cell | weights | quality
  std::string entry{};
  std::string older{};
  std::string newer{};
};

// "torch_version is 2.11.0 instead of 2.10.0"
std::string in_words(const Difference& difference);

std::vector<Difference> run_differences(const MeasuredRun& older, const MeasuredRun& newer);

// The first thing that makes two cells of one key different ones; none where their identities are equal.
std::optional<Difference> cell_difference(const MeasuredCell& older, const MeasuredCell& newer);

// Why two values of a quality metric cannot be compared: another N, extractor, input mode, way to bytes or reference.
std::optional<Difference> quality_difference(const MeasuredQuality& older, const MeasuredQuality& newer);

}  // namespace diffbench::results
