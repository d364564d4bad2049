#pragma once
// The sinusoidal embeddings of a network's times, made once for the times that are known in advance.
//
//   TimeTable table(time_input, 128);
//   table.prepare({999.0, 749.0}, weight.options());                        // of a plan
//   at::Tensor embedding = table.rows({999.0, 999.0}, weight.options());    // [2, 128]: nothing computed or copied
//
// The same numbers to the last bit whether a time was prepared or not.

#include <map>

#include "methods/backbones/time_input.h"
#include "methods/backbones/timestep_embedding.h"

namespace diffbench::backbones {

class TimeTable {
 public:
  TimeTable(TimeInput input, int64_t width) : input_(std::move(input)), width_(width) {}

  // adds to what was prepared before
  void prepare(const std::vector<double>& times, const at::TensorOptions& options);
  // [t.size(), width]; rows of one time may share their memory
  at::Tensor rows(const std::vector<double>& t, const at::TensorOptions& options) const;

 private:
  at::Tensor make(const std::vector<double>& t, const at::TensorOptions& options) const;

  TimeInput input_;
  int64_t width_;
  std::map<double, at::Tensor> rows_;  // by model time, [1, width]
};

}  // namespace diffbench::backbones
