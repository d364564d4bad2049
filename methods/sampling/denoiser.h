#pragma once
// What a solver sees of a network and what every acceleration method is: noise prediction plus a record of what ran.
//
//   EvaluationTrace trace;
//   at::Tensor eps = denoiser.predict(x, t, labels, trace);   // t: one time per row, on the host
//
// A denoiser knows no solver and a solver knows no method, so every combination works. Not thread-safe.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace diffbench {

// what one network evaluation of one batch really executed
struct EvaluationTrace {
  double t = 0.0;  // of the first row
  int64_t rows = 0;
  double blocks_executed = 0.0;     // sum over rows of blocks launched for them
  double blocks_bypassed = 0.0;     // sum over rows of blocks of which only the remains ran
  double flops = 0.0;               // sum over rows, analytic, of everything below
  double probe_flops = 0.0;         // the part of it spent on deciding
  double blocks_carried = 0.0;      // the part of blocks_executed for rows that had left already: moving the others out
                                    // would have cost more. Not in `flops`: the method did not ask for it
  int64_t compactions = 0;          // how often rows were moved together
  std::vector<int64_t> exit_count;  // [block_count + 1]: rows that left after so many blocks
};

using Trace = std::vector<EvaluationTrace>;

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  // A new batch of trajectories starts: forget whatever was kept of the last. samples[i] is the number of the sample in
  // row i, for methods that draw numbers of their own.
  virtual void begin(const std::vector<int64_t>&) {}
  // rows i and i + B/2 of the batches to come are the two halves of one guided sample: they leave together or not at
  // all
  virtual void couple_halves(bool) {}
  // x [B,C,H,W]; t [B]; labels [B] int64 or undefined -> eps [B,C,H,W], dtype and device of x; eps and v [B,2C,H,W]
  // from a network with learned sigma (backbones/backbone.h)
  virtual at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                             EvaluationTrace& trace) = 0;
};

}  // namespace diffbench
