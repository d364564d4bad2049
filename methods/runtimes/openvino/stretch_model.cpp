#include "methods/runtimes/openvino/stretch_model.h"

#include <ATen/ATen.h>

#include <openvino/opsets/opset13.hpp>

namespace diffbench::runtimes {
namespace {

using backbones::BlockParts;
using backbones::LinearParts;
using backbones::NormParts;
using Value = ov::Output<ov::Node>;
namespace op = ov::opset13;

class Builder {
 public:
  Builder(const BlockParts& example, ov::element::Type type, int64_t rows)
      : type_(type),
        rows_(rows > 0 ? rows : ov::Dimension::dynamic()),
        tokens_(example.tokens),
        width_(example.qkv.weight.size(1)) {
    inputs_.push_back(std::make_shared<op::Parameter>(type_, ov::PartialShape{rows_, tokens_, width_}));
    x_ = inputs_.front();
    if (example.modulation.weight.defined()) {
      inputs_.push_back(std::make_shared<op::Parameter>(type_, ov::PartialShape{rows_, width_}));
      condition_ = inputs_.back();
    }
  }

  void add(const BlockParts& block) {
    if (block.skip_linear.weight.defined()) {
      x_ = linear(block.skip_linear, std::make_shared<op::Concat>(ov::OutputVector{x_, take_skip()}, -1));
    }
    Value shift1, scale1, gate1, shift2, scale2, gate2;
    if (block.modulation.weight.defined()) {
      const auto all = reshaped(linear(block.modulation, condition_), {0, 6, width_});
      const auto parts = std::make_shared<op::Split>(all, axis(1), 6)->outputs();  // each [?, 1, D]
      shift1 = parts[0], scale1 = parts[1], gate1 = parts[2], shift2 = parts[3], scale2 = parts[4], gate2 = parts[5];
    }
    x_ = sum(x_, gated(attention(block, modulated(norm(block.norm1, x_), shift1, scale1)), gate1));
    x_ = sum(x_, gated(mlp(block, modulated(norm(block.norm2, x_), shift2, scale2)), gate2));
    if (block.keeps_skip) kept_.push_back(x_);
  }

  // one branch of a block, of tokens that are normed already
  void add(const BlockParts& block, backbones::Branch branch) {
    x_ = branch == backbones::Branch::attention ? attention(block, x_) : mlp(block, x_);
  }

  StretchModel finish() {
    ov::ResultVector results{std::make_shared<op::Result>(x_)};
    for (const auto& skip : kept_) results.push_back(std::make_shared<op::Result>(skip));
    return {.model = std::make_shared<ov::Model>(results, inputs_, "stretch"),
            .reads_condition = condition_.get_node() != nullptr,
            .takes = taken_,
            .keeps = kept_.size()};
  }

 private:
  Value constant(const at::Tensor& tensor) const {
    const auto own = tensor.detach().contiguous();
    const ov::Shape shape(own.sizes().begin(), own.sizes().end());
    return std::make_shared<op::Constant>(type_, shape, own.data_ptr());  // copies
  }
  static Value axis(int64_t value) { return op::Constant::create(ov::element::i64, {}, {value}); }
  static Value list(const std::vector<int64_t>& values) {
    return op::Constant::create(ov::element::i64, {values.size()}, values);
  }
  static Value sum(const Value& a, const Value& b) { return std::make_shared<op::Add>(a, b); }

  // 0: as it was
  static Value reshaped(const Value& x, const std::vector<int64_t>& shape) {
    return std::make_shared<op::Reshape>(x, list(shape), true);
  }

  Value linear(const LinearParts& layer, const Value& x) const {
    Value y = std::make_shared<op::MatMul>(x, constant(layer.weight), false, true);
    return layer.bias.defined() ? sum(y, constant(layer.bias)) : y;
  }

  Value norm(const NormParts& norm, const Value& x) const {
    Value y = std::make_shared<op::MVN>(x, list({-1}), true, static_cast<float>(norm.epsilon),
                                        ov::op::MVNEpsMode::INSIDE_SQRT);
    if (norm.weight.defined()) y = std::make_shared<op::Multiply>(y, constant(norm.weight));
    return norm.bias.defined() ? sum(y, constant(norm.bias)) : y;
  }

  Value modulated(const Value& x, const Value& shift, const Value& scale) const {
    if (shift.get_node() == nullptr) return x;
    const auto one = op::Constant::create(type_, {}, {1.0F});
    return sum(std::make_shared<op::Multiply>(x, sum(scale, one)), shift);
  }

  static Value gated(const Value& x, const Value& gate) {
    return gate.get_node() == nullptr ? x : std::make_shared<op::Multiply>(x, gate)->output(0);
  }

  Value mlp(const BlockParts& block, const Value& x) const {
    const auto mode = block.tanh_gelu ? ov::op::GeluApproximationMode::TANH : ov::op::GeluApproximationMode::ERF;
    return linear(block.fc2, std::make_shared<op::Gelu>(linear(block.fc1, x), mode));
  }

  Value attention(const BlockParts& block, const Value& x) const {
    // [B, L, 3, H, d] -> three of [B, H, L, d]
    const auto heads = reshaped(linear(block.qkv, x), {0, tokens_, 3, block.heads, width_ / block.heads});
    const auto parts = std::make_shared<op::Split>(heads, axis(2), 3)->outputs();
    const auto by_head = [&](const Value& part) -> Value {
      const auto squeezed = std::make_shared<op::Squeeze>(part, list({2}));
      return std::make_shared<op::Transpose>(squeezed, list({0, 2, 1, 3}));
    };
    const auto attended =
        std::make_shared<op::ScaledDotProductAttention>(by_head(parts[0]), by_head(parts[1]), by_head(parts[2]), false);
    const auto back = std::make_shared<op::Transpose>(attended, list({0, 2, 1, 3}));
    return linear(block.proj, reshaped(back, {0, tokens_, width_}));
  }

  Value take_skip() {
    if (!kept_.empty()) {
      const auto skip = kept_.back();
      kept_.pop_back();
      return skip;
    }
    inputs_.push_back(std::make_shared<op::Parameter>(type_, ov::PartialShape{rows_, tokens_, width_}));
    ++taken_;
    return inputs_.back();
  }

  ov::element::Type type_;
  ov::Dimension rows_;
  int64_t tokens_;
  int64_t width_;
  Value x_;
  Value condition_;
  ov::ParameterVector inputs_;
  ov::OutputVector kept_;  // within the stretch, not yet taken
  size_t taken_ = 0;
};

}  // namespace

StretchModel build_stretch_model(const std::vector<BlockParts>& blocks, ov::element::Type type, int64_t rows) {
  Builder builder(blocks.front(), type, rows);
  for (const auto& block : blocks) builder.add(block);
  return builder.finish();
}

StretchModel build_branch_model(const BlockParts& block, backbones::Branch branch, ov::element::Type type,
                                int64_t rows) {
  auto parts = block;
  parts.modulation = {};  // the input is modulated already
  Builder builder(parts, type, rows);
  builder.add(parts, branch);
  return builder.finish();
}

}  // namespace diffbench::runtimes
