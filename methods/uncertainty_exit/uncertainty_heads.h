#pragma once
// What `uncertainty_exit` adds to a backbone: after every block but the last a gate that estimates the error of leaving
// there, and, if wished, an output head of its own.
//
//   UncertaintyHeads heads(backbone, {.time_input = true});
//   at::Tensor u = heads.uncertainty(block, hidden, heads.time_features(t, 1000));   // [rows, image tokens]
//   write_heads(heads, model->fingerprint, "zoo/mine/uncertainty");
//   auto trained = read_heads("zoo/mine/uncertainty", *model, "--param heads");
//
// u = sigmoid(w_i . token + v_i . e(t) + b_i), e the sinusoidal embedding of t: the UEM of DeeDiff (arXiv 2309.17074),
// one number per image token. AdaDiff's public code leaves e(t) out (`time_input = false`); RC-EENN's shares one gate
// among all blocks (`shared_gate`).

#include <torch/nn/module.h>

#include <filesystem>
#include <memory>
#include <string>

#include "methods/backbones/output_head.h"
#include "methods/model/model.h"

namespace diffbench::methods::uncertainty_exit {

struct UncertaintyOptions {
  bool time_input = true;    // the gate sees t
  bool shared_gate = false;  // one gate for all exits, or one each
  bool exit_heads = true;    // an output head per exit, or the network's own after every block
};

class UncertaintyHeads : public torch::nn::Module {
 public:
  // gates start at u = 1/2 everywhere, heads as copies of the network's own
  UncertaintyHeads(const backbones::Backbone& backbone, const UncertaintyOptions& options);

  // e(t) [rows, D] for model times t (whatever the schedule's units, 0 .. 1000 here)
  at::Tensor time_features(const std::vector<double>& t, double times_in_all) const;
  // u [rows, image tokens] after block `block`, counted from 0, not the last
  at::Tensor uncertainty(int block, const backbones::Hidden& hidden, const at::Tensor& time_features) const;
  // eps of rows that leave after `block`, with the exit's head or the backbone's
  at::Tensor head(backbones::Backbone& backbone, int block, const backbones::Hidden& hidden) const;

  // heads in the network's number format; gates stay float32, or float64 in fp64: they are small, and thresholds fine
  void move_to(const Compute& compute);

  const UncertaintyOptions& options() const { return options_; }
  int64_t first_image_token() const { return first_image_token_; }
  const at::Tensor& gate_weight(int block) const { return weights_[gate_of(block)]; }            // [D]
  const at::Tensor& gate_time_weight(int block) const { return time_weights_[gate_of(block)]; }  // [D]
  const at::Tensor& gate_bias(int block) const { return biases_[gate_of(block)]; }               // [1]

 private:
  size_t gate_of(int block) const { return options_.shared_gate ? 0 : static_cast<size_t>(block); }

  UncertaintyOptions options_;
  int64_t first_image_token_;
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> time_weights_;
  std::vector<at::Tensor> biases_;
  std::vector<std::shared_ptr<backbones::OutputHead>> heads_;
};

// `folder` receives heads.toml (options, and the fingerprint of the model they were trained on) and heads.safetensors
void write_heads(const UncertaintyHeads& heads, const std::string& model_fingerprint,
                 const std::filesystem::path& folder);

// for `model`, on its device and in its precision; InputError "<where>: ..." where the folder lacks the files or holds
// heads of another checkpoint
std::shared_ptr<UncertaintyHeads> read_heads(const std::filesystem::path& folder, const Model& model,
                                             const std::string& where);

}  // namespace diffbench::methods::uncertainty_exit
