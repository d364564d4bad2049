#pragma once
// What is wrong with a results file: not one of ours, of a newer version, locked, not writable, a duplicate row.
//
//   throw DatabaseError("results.db: schema version 2 is newer than this program's 1");
//
// The message is one line that starts with the file. The program prints it and exits with code 2.

#include <stdexcept>

namespace diffbench::results {

struct DatabaseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace diffbench::results
