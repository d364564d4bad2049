#pragma once
// Which run of which file a user means.
//
//   const RunChoice choice = choose_run("results.db@latest");     // also "results.db", "results.db@12", "@git:1a2b3c"
//   const MeasuredRun run = read_run(choice.store, choice.run);
//   const MeasuredRun usual = median_of_last("history.db", 10, run);
//
// Without a word after `@` it is the latest run. A mistake is a DatabaseError of one line that names file and word.

#include <cstdint>
#include <string>

#include "results/compare/measured_run.h"
#include "results/store.h"

namespace diffbench::results {

struct RunChoice {
  Store store;
  std::int64_t run = 0;
};

RunChoice choose_run(const std::string& words);

// Of the last runs of the same suite on the same kind of machine (not the run itself, none that began after it), the
// one whose times are the median: one bad day of the history is no reference.
MeasuredRun median_of_last(const std::string& file, int count, const MeasuredRun& run);

}  // namespace diffbench::results
