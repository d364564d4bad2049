#pragma once
// Which images, times, noises and labels a training step sees: a function of (seed, step) alone, so training resumes
// exactly and two machines train on the same stream.
//
//   Batches batches(std::move(dataset), ImageSpec{}, 128, seed, device);
//   at::Generator random = step_generator(seed, step);
//   at::Tensor x = batches.images(step);      // float [batch, C, H, W] in the model's range

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "methods/data/image_dataset.h"

namespace diffbench::training {

// random numbers of one step; a CPU generator, so every device trains on the same ones
at::Generator step_generator(uint64_t seed, int64_t step);

class Batches {
 public:
  // keeps the images as uint8 on the CPU; every epoch is a new permutation, its last incomplete batch is dropped
  Batches(const data::ImageDataset& dataset, int64_t batch, uint64_t seed);

  int64_t steps_per_epoch() const { return images_.size(0) / batch_; }
  // the rows of step `step` (counted from 0 over all epochs)
  const at::Tensor& select(int64_t step);
  at::Tensor images(int64_t step) { return images_.index_select(0, select(step)); }  // uint8 [batch, C, H, W]
  at::Tensor labels(int64_t step) { return labels_.index_select(0, select(step)); }  // int64 [batch]

 private:
  at::Tensor images_;
  at::Tensor labels_;
  int64_t batch_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  int64_t step_ = -1;
  at::Tensor permutation_;
  at::Tensor rows_;
};

}  // namespace diffbench::training
