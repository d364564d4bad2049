#pragma once
// Two programs take turns: of each round, every cell runs once in either, right after each other, in random order. It
// ends when the verdict on every cell's time is known, or its time is up; looking after every round is paid for by the
// rule (results/compare/contrast.h, turns_of), which looks more sharply at what its time left open.
//
//   ChildProgram older(...), newer(...);
//   const Alternation done = alternate(older, newer, gate, {.max_seconds = 300.0});
//   print(done.rounds, done.decided, done.cells);
//
// Cells whose verdict is known drop out, but for the baseline of one that goes on. Both programs are started again
// several times on the way: the ratio of two programs differs a little from one start of them to the next
// (results/gate_trust), which no number of rounds of one start shows.

#include <cstdint>

#include "harness/ab/child_program.h"
#include "results/compare/gate.h"

namespace diffbench::ab {

struct Stopping {
  double max_seconds = 300.0;
  bool fails_fast = false;  // also at the first regression that the gate does not excuse: it will not go away
  int starts = 10;          // spread over max_seconds, or fewer: four times what a start takes is for its rounds
};

struct Alternation {
  std::int64_t cells = 0;    // that both have
  std::int64_t decided = 0;  // of them, before the time was up
  std::int64_t rounds = 0;
  std::int64_t starts = 1;
  double seconds = 0;  // of the rounds and of starting again; not of the first start
};

Alternation alternate(ChildProgram& older, ChildProgram& newer, const results::Gate& gate, Stopping stopping);

}  // namespace diffbench::ab
