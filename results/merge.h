#pragma once
// Several results files into one: each run once, whatever the order of the files and however often one is given.
//
//   const MergeResult result = merge_files({"monday.db", "tuesday.db"}, "history.db");
//   print(result.runs, result.repeated);
//
// Runs are told apart by `uid`; of two copies of one run the finished one is taken, else the one with more timings.
// Parts of one run (`diffbench run --part 3/8`) become that run, as far as they are there (join_parts.h). The output's
// own runs stay in it where it exists. It is written beside its place and moved there when whole; rows are copied
// inside SQLite, so memory does not grow with the files. Errors are DatabaseErrors that name the file.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "results/join_parts.h"

namespace diffbench::results {

struct MergeResult {
  std::int64_t runs = 0;      // in the output
  std::int64_t repeated = 0;  // copies that were left out
  std::vector<JoinedRun> joined{};
};

MergeResult merge_files(std::vector<std::filesystem::path> files, const std::filesystem::path& output);

}  // namespace diffbench::results
