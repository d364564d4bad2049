#pragma once
// A TorchScript network in the form that the CPU computes fastest.
//
//   auto network = fastest_form(loaded, input, arguments, at::kCPU);   // gives what `loaded` gives, to 1e-4
//   const Bf16 here(at::kCPU);                                         // autocast, until the scope ends
//
// Frozen (batch normalisation goes into the convolutions before it), with weights by pixel instead of by plane. Sums
// are taken in another order, so the last digits of features are not those of the file as written. On a GPU a network
// stays as it is.

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

namespace diffbench::quality {

// `input` says the shape and type of what will come. Where the other form fails, or says something else of a picture of
// that shape, the network comes back as it is: whatever makes a network depend on memory formats, its values stay.
torch::jit::Module fastest_form(const torch::jit::Module& network, const at::Tensor& input,
                                const torch::jit::Kwargs& arguments, at::Device device);

class Bf16 {
 public:
  explicit Bf16(at::DeviceType device);
  ~Bf16();
  Bf16(const Bf16&) = delete;  // restores a setting of this thread once

 private:
  at::DeviceType device_;
  bool was_on_;
  at::ScalarType was_;
};

}  // namespace diffbench::quality
