#pragma once
// Whether a sample depends on anything but itself: on the batch before, on another batch size, on its neighbours, on
// its place. A method whose `begin` forgets to forget gives wrong numbers and looks fast.
//
//   const auto fault = find_dependence({.make = [&] { return make_method("mine", params, context); }, .seed = 7},
//                                      sampler, *model);
//   if (fault) ...   // "a second batch through one denoiser ..."
//
// The short form costs about three trajectories of four samples, and is for the moment before something is timed: equal
// batches are compared bit by bit, and rows in another company coarsely, only in fp32 and fp64: a matrix product of
// another size rounds otherwise, and rounding may turn the exit of single rows. It reports where more than half of the
// rows differ.
// The thorough form compares every row alone, in other orders, and joining and leaving a batch under way; it expects
// each of them within the tolerance, so it is for models in fp64.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/sampler.h"

namespace diffbench {

struct IndependenceRequest {
  std::function<std::unique_ptr<Denoiser>()> make;  // a fresh one; all of them prepared alike
  uint64_t seed = 0;
  bool decides_by_batch = false;  // samples are others in another batch, on purpose: only equal batches are compared
  double tolerance = 1e-3;        // of a row in other company, relative to the largest value of all samples; the short
                                  // form takes no less than its default
  bool thorough = false;
};

// the first violation, in words; nothing where there is none
std::optional<std::string> find_dependence(const IndependenceRequest& request, const Sampler& sampler,
                                           const Model& model);

}  // namespace diffbench
