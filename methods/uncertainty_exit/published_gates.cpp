#include "methods/uncertainty_exit/published_gates.h"

#include <ATen/ATen.h>

#include "methods/backbones/modules.h"
#include "methods/backbones/time_table.h"
#include "methods/config/input_error.h"
#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"

namespace diffbench::methods::uncertainty_exit {
namespace {

using backbones::Backbone;
using backbones::Hidden;

struct Layer {
  at::Tensor weight;
  at::Tensor bias;

  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }
};

// what gates are made of, by name
class GateFile {
 public:
  explicit GateFile(const Model& model)
      : model_(model), file_(model.weights_file.string()), tensors_(data::read_tensors(model.weights_file)) {}

  // gates compute in float32, or float64 in fp64: they are small, and thresholds fine
  Layer gate_layer(const std::string& name, int64_t out, int64_t in) const {
    return {read(name + ".weight", {out, in}, model_.compute.state_dtype),
            read(name + ".bias", {out}, model_.compute.state_dtype)};
  }
  Layer head_layer(const std::string& name, const std::vector<int64_t>& shape) const {
    return {read(name + ".weight", shape, model_.compute.network_dtype),
            read(name + ".bias", {shape[0]}, model_.compute.network_dtype)};
  }

 private:
  at::Tensor read(const std::string& name, const std::vector<int64_t>& shape, at::ScalarType dtype) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      throw config::InputError(file_ + ": no tensor '" + name + "', which gates of kind " + model_.gates + " have");
    }
    if (found->second.shape != shape) {
      throw config::InputError(file_ + ": " + name + " is " + found->second.shape_text() + " instead of " +
                               data::RawTensor{data::DType::f32, shape, {}}.shape_text());
    }
    return to_tensor(found->second).to(model_.compute.device, dtype);
  }

  const Model& model_;
  std::string file_;
  data::NamedTensors tensors_;
};

struct Sizes {
  explicit Sizes(const Model& model)
      : exits(model.network.backbone->block_count() - 1),
        width(model.network.backbone->token_width()),
        first_token(model.network.backbone->first_image_token()),
        tokens(model.network.backbone->image_token_count()),
        channels(model.network.channels),
        side(std::llround(std::sqrt(static_cast<double>(tokens)))),
        patch_values(channels * model.network.image_size * model.network.image_size / tokens) {}

  at::Tensor image_tokens(const Hidden& hidden) const { return hidden.tokens.slice(1, first_token); }

  int exits;
  int64_t width;
  int64_t first_token;
  int64_t tokens;
  int64_t channels;
  int64_t side;
  int64_t patch_values;  // numbers per token
};

class AdaDiffGates : public ExitGates {
 public:
  explicit AdaDiffGates(const Model& model) : sizes_(model) {
    const GateFile file(model);
    for (int i = 0; i < sizes_.exits; ++i) {
      gates_.push_back(
          file.gate_layer("lte_classifer." + std::to_string(i) + ".lte", sizes_.patch_values, sizes_.width));
    }
  }

  at::Tensor uncertainty(int block, const Hidden& hidden) override {
    const auto& gate = gates_[static_cast<size_t>(block)];
    const auto confidence = at::sigmoid(gate(sizes_.image_tokens(hidden).to(gate.weight.scalar_type())));
    return (1.0 - confidence.mean({1, 2})).to(at::kFloat);
  }
  double flops() const override {
    return 2.0 * static_cast<double>(sizes_.tokens * sizes_.width * sizes_.patch_values);
  }
  at::Tensor head(Backbone& backbone, int, const Hidden& hidden) const override { return backbone.head(hidden); }

 private:
  Sizes sizes_;
  std::vector<Layer> gates_;
};

class RcEennGates : public ExitGates {
 public:
  explicit RcEennGates(const Model& model)
      : sizes_(model),
        times_({"unit", model.schedule->train_steps(), model.schedule->is_continuous()}, sizes_.width / 4) {
    const GateFile file(model);
    fc1_ = file.gate_layer("UEM.0", 4 * sizes_.width, sizes_.width + sizes_.width / 4);
    fc2_ = file.gate_layer("UEM.2", sizes_.patch_values, 4 * sizes_.width);
    decoder_ = file.head_layer("decoder_pred", {sizes_.patch_values, sizes_.width});
    const int half = sizes_.exits / 2;
    for (int i = 0; i < sizes_.exits; ++i) {
      const auto name = i < half    ? "final_layer_in." + std::to_string(i)
                        : i == half ? std::string("final_layer_mid")
                                    : "final_layer_out." + std::to_string(i - half - 1);
      convolutions_.push_back(file.head_layer(name, {sizes_.channels, sizes_.channels, 3, 3}));
    }
  }

  void prepare_times(const std::vector<double>& times) override { times_.prepare(times, fc1_.weight.options()); }
  at::Tensor uncertainty(int, const Hidden& hidden) override {
    const auto tokens = sizes_.image_tokens(hidden).to(fc1_.weight.scalar_type());
    const auto time = times_.rows(hidden.t, fc1_.weight.options()).unsqueeze(1).expand({-1, tokens.size(1), -1});
    return at::sigmoid(fc2_(at::silu(fc1_(at::cat({tokens, time}, 2))))).mean({1, 2}).to(at::kFloat);
  }
  double flops() const override {
    return 2.0 * static_cast<double>(sizes_.tokens * (fc1_.weight.numel() + fc2_.weight.numel()));
  }
  at::Tensor head(Backbone&, int block, const Hidden& hidden) const override {
    const auto image = backbones::unpatchified(decoder_(sizes_.image_tokens(hidden)), sizes_.side, sizes_.channels);
    const auto& convolution = convolutions_[static_cast<size_t>(block)];
    return at::conv2d(image, convolution.weight, convolution.bias, 1, 1);
  }

 private:
  Sizes sizes_;
  backbones::TimeTable times_;
  Layer fc1_;  // on token and time, shared by all exits
  Layer fc2_;
  Layer decoder_;
  std::vector<Layer> convolutions_;  // of each exit
};

}  // namespace

std::unique_ptr<ExitGates> published_gates(const Model& model) {
  if (model.gates == "adadiff") return std::make_unique<AdaDiffGates>(model);
  return std::make_unique<RcEennGates>(model);
}

}  // namespace diffbench::methods::uncertainty_exit
