#pragma once
// A TorchScript file as a feature network: how it is called, and what it may answer.
//
//   FeatureNetwork network("inception-2015-12-05.pt", device, choose_mode("clean_fid", "--mode"));
//   Extracted out = network.forward(mode.convert(batch));
//
// NVIDIA's file is known by the argument `return_features` of its forward, and asked for features; input that a mode
// has already resized and normalised goes to its `layers`, past its own resizing. Its logits are features times
// `output.weight`, without the bias: what every tool's inception score is made of. Everything else is called as
// forward(input). On the CPU it is called in a form that is faster and says the same (network_form.h); in a mode with
// +bf16 under autocast, which leaves to float32 what loses too much. InputError (one line that names the file) for what
// is no TorchScript, cannot take the input, or answers anything but features [N, D] or [N, D, 1, 1], (features, logits
// [N, K]) or (features, logits, spatial [N,
// ...]).

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "harness/quality/extractor.h"
#include "harness/quality/input_mode.h"

namespace diffbench::quality {

class FeatureNetwork {
 public:
  FeatureNetwork(std::string file, at::Device device, ChosenMode mode);

  const std::string& file() const { return file_; }
  const InputMode& mode() const { return *mode_.input; }
  const ChosenMode& chosen_mode() const { return mode_; }
  Extracted forward(const at::Tensor& input);  // on the network's device; float32, there as well

 private:
  std::string file_;
  at::Device device_;
  ChosenMode mode_;
  torch::jit::Module entered_;  // the file's module, or its `layers`; from the first input on in its fastest form
  bool is_settled_ = false;
  torch::jit::Kwargs arguments_;
  at::Tensor class_weights_;  // [K, D]; undefined where the logits are the network's own business

  at::Tensor checked(const torch::jit::IValue& value, int64_t rows, const char* what) const;
};

}  // namespace diffbench::quality
