#pragma once
// What a solver sees of a network and what every acceleration method is: noise prediction plus a record of what ran.
//
//   denoiser.prepare({.rows = 64, .times = times_of(plan)}, nullptr);   // once, before anything is timed
//   denoiser.begin({0, 1});
//   EvaluationTrace trace;
//   at::Tensor eps = denoiser.predict({x, t, labels, members_of({0, 1})}, trace);   // t: one time per row, on the host
//   denoiser.end({0, 1});
//
// A denoiser knows no solver and a solver knows no method, so every combination works. Not thread-safe.

#include <nlohmann/json_fwd.hpp>

#include "methods/sampling/batch.h"

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

// what is to come
struct PrepareRequest {
  int64_t rows = 1;           // of the largest batch
  std::vector<double> times;  // of the plan
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  // Measures, allocates and captures what the batches to come need; predict does none of it. Returns what was decided
  // by measuring, as an object, empty where there was nothing to decide. `given` that is not null: such an object, used
  // instead of measuring, so that a second run decides alike. May be called again; works without it too, where
  // whatever would have been measured takes a fixed default. InputError for a `given` of another form.
  virtual nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given);
  // Trajectories of these samples start: whatever was kept of them is forgotten. Those of others may be under way.
  virtual void begin(const std::vector<int64_t>&) {}
  // they are finished, or will not go on: what is kept of them is no longer needed
  virtual void end(const std::vector<int64_t>&) {}
  // rows i and i + B/2 of the batches to come are the two halves of one guided sample: they leave together or not at
  // all
  virtual void couple_halves(bool) {}
  // Batch::t says who is where in its trajectory, Batch::members who is who: from call to call rows may join, leave and
  // change places. -> eps [B,C,H,W], dtype and device of x, or whatever the network was trained to predict (as_eps.h
  // makes eps of it); and v [B,2C,H,W] from a network with learned sigma (backbones/backbone.h)
  virtual at::Tensor predict(const Batch& batch, EvaluationTrace& trace) = 0;
};

}  // namespace diffbench
