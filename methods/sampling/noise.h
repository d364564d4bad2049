#pragma once
// Where a batch of trajectories gets its noise.
//
//   PhiloxNoise noise(seed, {0, 1, 2, 3}, {1, 28, 28}, compute);    // of samples 0 .. 3, wherever they are computed
//   at::Tensor x = noise.initial();                                 // [4, 1, 28, 28]
//   at::Tensor z = noise.step(0);                                   // the first stochastic step's draw
//
// Numbers are made in float32 in every precision, so runs in different precisions follow the same trajectories.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "methods/model/compute.h"

namespace diffbench {

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  virtual at::Tensor initial() = 0;                  // unit normals [B,C,H,W], state dtype and device
  virtual std::vector<int64_t> samples() const = 0;  // [B] their numbers
  virtual at::Tensor step(int draw) = 0;             // the same, for step-noise draw 0, 1, ...
};

// counter-based: sample i's noise depends on (seed, i, draw) alone
class PhiloxNoise : public NoiseSource {
 public:
  PhiloxNoise(uint64_t seed, const std::vector<int64_t>& samples, std::vector<int64_t> image_shape,
              const Compute& compute);
  at::Tensor initial() override { return draw(0); }
  std::vector<int64_t> samples() const override { return sample_numbers_; }
  at::Tensor step(int number) override { return draw(static_cast<uint32_t>(number) + 1); }

 private:
  at::Tensor draw(uint32_t number) const;

  uint64_t seed_;
  std::vector<int64_t> sample_numbers_;
  at::Tensor samples_;  // the same on the device
  std::vector<int64_t> shape_;
  Compute compute_;
};

// noise from a file: `initial` [B,C,H,W], `steps` [K,B,C,H,W] (may be undefined where no step needs a draw)
class GivenNoise : public NoiseSource {
 public:
  // samples: the numbers of the rows; empty: 0 .. B - 1
  GivenNoise(at::Tensor initial, at::Tensor steps, const Compute& compute, std::vector<int64_t> samples = {});
  at::Tensor initial() override { return initial_; }
  std::vector<int64_t> samples() const override { return samples_; }
  at::Tensor step(int draw) override;  // InputError when there are too few

 private:
  at::Tensor initial_;
  at::Tensor steps_;
  std::vector<int64_t> samples_;
};

}  // namespace diffbench
