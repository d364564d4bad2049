#include "methods/training/batches.h"

#include "methods/config/input_error.h"
#include "methods/model/tensors.h"

namespace diffbench::training {
namespace {

// splitmix64 (Steele et al., OOPSLA 2014): spreads (seed, stream) over all seeds, so neighbours share nothing
uint64_t mix(uint64_t seed, uint64_t stream) {
  uint64_t z = seed * 0x9e3779b97f4a7c15ULL + stream + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

constexpr uint64_t kPermutationStream = uint64_t{1} << 62;

}  // namespace

at::Generator step_generator(uint64_t seed, int64_t step) {
  return at::detail::createCPUGenerator(mix(seed, static_cast<uint64_t>(step)));
}

Batches::Batches(const data::ImageDataset& dataset, int64_t batch, uint64_t seed)
    : images_(to_tensor(dataset.images)), labels_(to_tensor(dataset.labels)), batch_(batch), seed_(seed) {
  if (images_.size(0) < batch) {
    throw config::InputError("batch: " + std::to_string(batch) + " is more than the " +
                             std::to_string(images_.size(0)) + " images of the data set");
  }
}

const at::Tensor& Batches::select(int64_t step) {
  if (step != step_) {
    const int64_t epoch = step / steps_per_epoch();
    if (epoch != epoch_) {
      auto random = at::detail::createCPUGenerator(mix(seed_, kPermutationStream + static_cast<uint64_t>(epoch)));
      permutation_ = at::randperm(images_.size(0), random, at::TensorOptions(at::kLong));
      epoch_ = epoch;
    }
    rows_ = permutation_.slice(0, (step % steps_per_epoch()) * batch_, (step % steps_per_epoch() + 1) * batch_);
    step_ = step;
  }
  return rows_;
}

}  // namespace diffbench::training
