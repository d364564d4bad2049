#pragma once
// Runs that were made in parts (`diffbench run --part 3/8`), as the one run that they are.
//
//   const Joining joining = join_parts(store, {{uid, "part3.db"}});
//   for (const JoinedRun& joined : joining.joined) print(joined.missing);
//
// The run with the lowest part stays, and gets the samples of the others, which go. Its times are its own: a part
// beyond the first measures none. A run that has only some of its parts can be joined with the others later; one that
// is complete takes no more. Which parts belong together is told by suite and number of parts; parts of two executions
// at once, of an unfinished one, or that differ in suite, program, weights, networks or anything else that decides a
// sample, are a DatabaseError that names both files and the difference.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

struct JoinedRun {
  std::int64_t run = 0;
  std::string suite_name{};
  int part_count = 0;
  std::vector<int> missing{};  // parts; none: the run is whole, and can be judged
};

struct Joining {
  std::vector<JoinedRun> joined{};  // that were not whole before, by run
  std::int64_t repeated = 0;        // parts that a joined run had already
  std::int64_t runs = 0;            // in the file, afterwards
};

// file_of: where a run comes from, by uid, for errors
Joining join_parts(Store& store, const std::map<std::string, std::string>& file_of);

}  // namespace diffbench::results
