#pragma once
// What a row is asked after a block: how large the error of leaving there would be, and what leaving gives.
//
//   const auto gates = read_gates(folder, *model, "--param heads");   // trained here (token_gates.h)
//   at::Tensor u = gates->uncertainty(3, hidden);                     // [rows] float, on the tokens' device
//
// uncertainty_policy.h decides by it who leaves.

#include "methods/backbones/backbone.h"

namespace diffbench::methods::uncertainty_exit {

class ExitGates {
 public:
  virtual ~ExitGates() = default;
  // model times to come: what depends on a time alone is made now
  virtual void prepare_times(const std::vector<double>&) {}
  // the mean u of every row of `hidden` after block `block`, counted from 0, not the last
  virtual at::Tensor uncertainty(int block, const backbones::Hidden& hidden) = 0;
  // of a row, for one question
  virtual double flops() const = 0;
  // the output of rows that leave after `block`
  virtual at::Tensor head(backbones::Backbone& backbone, int block, const backbones::Hidden& hidden) const = 0;
};

}  // namespace diffbench::methods::uncertainty_exit
