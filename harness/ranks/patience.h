#pragma once
// How long rank 0 waits for another rank before it says that the rank hangs, and ends the run.
//
//   set_patience(600);                                    // --patience; without it: ten minutes, or more, see below
//   now_doing("timing full/ddim-10, round 4");            // what a message will say that all ranks are at
//   Wait wait;
//   while (!has_arrived(source)) wait.goes_on(source);    // RankSilent once it has lasted too long
//   wait.is_over();
//
// Ranks work in step, so what one does they all do, and the longest wait so far tells what is usual: without a number
// from the user a wait may last ten minutes, or twenty times the longest so far if that is more.
// Only rank 0 watches: the others wait for it while it computes metrics, however long that takes.

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace diffbench::ranks {

// A rank has not answered. No collective can follow: the run has to be ended (MpiSession::abort).
struct RankSilent : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RankPlace {
  std::string host{};
  long process = 0;
};
void know_ranks(std::vector<RankPlace> places);  // by rank

void set_patience(double seconds);
void now_doing(std::string what);

// How long a wait may last now, and that one of this length came to its end.
double patience_s();
void has_waited(double seconds);

// The error for that rank: where it is, what its process does as far as can be seen from here, for how long nothing has
// come of it, and at what.
RankSilent silence_of(int rank, double seconds, const std::string& at_what);

// One wait for something of another rank, without sleep at first: a timing may depend on it.
class Wait {
 public:
  Wait() : start_(Clock::now()) {}
  void goes_on(int rank);  // to be called between looks
  void is_over();          // something came: the next wait begins

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
};

}  // namespace diffbench::ranks
