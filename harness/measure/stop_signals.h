#pragma once
// SIGINT and SIGTERM as a request: what is in hand is finished and stored, then the run ends so that --resume can go
// on.
//
//   const StopSignals signals;                    // as long as there is something to finish
//   if (const char* name = stop_signal()) ...     // "SIGTERM", once one has come
//
// Slurm sends SIGTERM some time before it kills, mpirun a second before. A second signal ends the program at once.

#include <csignal>

namespace diffbench::measure {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();                            // as it was before
  StopSignals(const StopSignals&) = delete;  // signals belong to the process
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

const char* stop_signal();  // nullptr: none

}  // namespace diffbench::measure
