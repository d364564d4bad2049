#include "methods/sampling/noise.h"

#include <ATen/ATen.h>

#include <numeric>

#include "kernels/philox_normal/philox_normal.h"
#include "methods/config/input_error.h"
#include "methods/model/kernel_stream.h"
#include "profiling/scope.h"

namespace diffbench {

PhiloxNoise::PhiloxNoise(uint64_t seed, const std::vector<int64_t>& samples, std::vector<int64_t> image_shape,
                         const Compute& compute)
    : seed_(seed),
      sample_numbers_(samples),
      samples_(at::tensor(samples, at::TensorOptions(at::kLong)).to(compute.device)),
      shape_(std::move(image_shape)),
      compute_(compute) {
  shape_.insert(shape_.begin(), static_cast<int64_t>(samples.size()));
}

at::Tensor PhiloxNoise::draw(uint32_t number) const {
  auto noise = at::empty(shape_, at::TensorOptions(at::kFloat).device(compute_.device));
  const kernels::PhiloxNormalArgs args{.out = noise.data_ptr<float>(),
                                       .sample_index = samples_.data_ptr<int64_t>(),
                                       .rows = shape_[0],
                                       .row_elements = noise.numel() / std::max<int64_t>(1, shape_[0]),
                                       .seed = seed_,
                                       .draw = number};
  const profiling::Operation operation("diffbench::philox_normal",
                                       {.moved_bytes = static_cast<double>(noise.nbytes())});
  if (compute_.device.is_cuda()) {
    kernels::philox_normal_cuda(args, current_stream(compute_.device));
  } else {
    kernels::philox_normal_cpu(args);
  }
  return noise.to(compute_.state_dtype);
}

GivenNoise::GivenNoise(at::Tensor initial, at::Tensor steps, const Compute& compute, std::vector<int64_t> samples)
    : initial_(initial.to(compute.state_options())),
      steps_(steps.defined() ? steps.to(compute.state_options()) : steps),
      samples_(std::move(samples)) {
  if (samples_.empty()) {
    samples_.resize(static_cast<size_t>(initial_.size(0)));
    std::iota(samples_.begin(), samples_.end(), int64_t{0});
  }
}

at::Tensor GivenNoise::step(int draw) {
  const int64_t given = steps_.defined() ? steps_.size(0) : 0;
  if (draw >= given) {
    throw config::InputError("--noise: step_noise holds " + std::to_string(given) + " draws, the solver needs more");
  }
  return steps_[draw];
}

}  // namespace diffbench
