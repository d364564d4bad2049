#include "methods/runtimes/fused/fused.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace diffbench::runtimes {
namespace {

using backbones::BlockParts;
using backbones::Hidden;
using backbones::LinearParts;
using backbones::NormParts;

// LibTorch registers them for its own compiler; no header declares them.
constexpr const char* kPack = "mkldnn::_reorder_linear_weight";
constexpr const char* kLinear = "mkldnn::_linear_pointwise";

at::Tensor packed(const at::Tensor& weight) {
  static const auto kHandle = c10::Dispatcher::singleton().findSchemaOrThrow(kPack, "");
  c10::Stack stack{weight.contiguous(), c10::IValue()};  // for any number of rows
  kHandle.callBoxed(&stack);
  return stack.front().toTensor();
}

// y = after(x W^T + b)
at::Tensor call_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                       std::string_view after, std::optional<std::string_view> algorithm) {
  using Signature = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                               c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto kHandle = c10::Dispatcher::singleton().findSchemaOrThrow(kLinear, "").typed<Signature>();
  return kHandle.call(x, weight, bias, after, c10::List<std::optional<at::Scalar>>(), algorithm);
}

// y = x W^T + b + other
at::Tensor call_linear_add(const at::Tensor& x, const at::Tensor& other, const at::Tensor& weight,
                           const std::optional<at::Tensor>& bias) {
  using Signature = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                               const std::optional<at::Tensor>&, std::string_view);
  static const auto kHandle = c10::Dispatcher::singleton().findSchemaOrThrow(kLinear, "binary").typed<Signature>();
  return kHandle.call(x, other, weight, bias, "add");
}

// what LibTorch asks of the CPU, asked of LibTorch
bool packs_bf16() {
  static const bool kPacks = [] {
    try {
      packed(at::zeros({1, 1}, at::kBFloat16));
      return true;
    } catch (const c10::Error&) {
      return false;
    }
  }();
  return kPacks;
}

class PackedLinear {
 public:
  explicit PackedLinear(const LinearParts& layer) : PackedLinear(layer.weight, layer.bias) {}
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias) {
    if (weight.defined()) weight_ = packed(weight);
    if (bias.defined()) bias_ = bias;
  }

  at::Tensor operator()(const at::Tensor& x) const { return call_linear(x, weight_, bias_, "none", std::nullopt); }
  at::Tensor gelu(const at::Tensor& x, bool tanh) const {
    return call_linear(x, weight_, bias_, "gelu", tanh ? "tanh" : "none");
  }
  at::Tensor plus(const at::Tensor& x, const at::Tensor& other) const {
    return call_linear_add(x, other, weight_, bias_);
  }
  bool is_defined() const { return weight_.defined(); }

 private:
  at::Tensor weight_;  // in oneDNN's own layout
  std::optional<at::Tensor> bias_;
};

at::Tensor half_of(const at::Tensor& weight, int64_t half) {
  return weight.defined() ? weight.chunk(2, 1)[static_cast<size_t>(half)] : weight;
}

// tokens = skip_linear([tokens, skip]), the halves multiplied apart
class FusedEntry final : public CompiledStretch {
 public:
  explicit FusedEntry(const LinearParts& skip_linear)
      : from_tokens_(half_of(skip_linear.weight, 0), skip_linear.bias),
        from_skip_(half_of(skip_linear.weight, 1), {}) {}

  void run(Hidden& hidden) override {
    if (!from_skip_.is_defined()) return;
    hidden.tokens = from_skip_.plus(hidden.skips.back(), from_tokens_(hidden.tokens));
    hidden.skips.pop_back();
  }

 private:
  PackedLinear from_tokens_;
  PackedLinear from_skip_;
};

at::Tensor attend(const PackedLinear& qkv_of, int64_t heads, const at::Tensor& x) {  // up to the projection
  const int64_t rows = x.size(0);
  const int64_t count = x.size(1);
  const int64_t width = x.size(2);
  // [B, L, 3, H, d] -> three of [B, H, L, d]
  const auto qkv = qkv_of(x).reshape({rows, count, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
  return at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]).transpose(1, 2).reshape({rows, count, width});
}

class FusedAttention final : public CompiledStretch {
 public:
  explicit FusedAttention(const BlockParts& parts) : heads_(parts.heads), qkv_(parts.qkv), proj_(parts.proj) {}
  void run(Hidden& hidden) override { hidden.tokens = proj_(attend(qkv_, heads_, hidden.tokens)); }

 private:
  int64_t heads_;
  PackedLinear qkv_;
  PackedLinear proj_;
};

class FusedMlp final : public CompiledStretch {
 public:
  explicit FusedMlp(const BlockParts& parts) : tanh_(parts.tanh_gelu), fc1_(parts.fc1), fc2_(parts.fc2) {}
  void run(Hidden& hidden) override { hidden.tokens = fc2_(fc1_.gelu(hidden.tokens, tanh_)); }

 private:
  bool tanh_;
  PackedLinear fc1_;
  PackedLinear fc2_;
};

class FusedBlock final : public CompiledStretch {
 public:
  explicit FusedBlock(const BlockParts& parts)
      : parts_(parts),
        entry_(parts.skip_linear),
        qkv_(parts.qkv),
        proj_(parts.proj),
        fc1_(parts.fc1),
        fc2_(parts.fc2),
        modulation_(parts.modulation) {}

  void run(Hidden& hidden) override {
    entry_.run(hidden);
    auto& x = hidden.tokens;
    if (modulation_.is_defined()) {
      run_modulated(x, hidden.condition);
    } else {
      x = proj_.plus(attend(qkv_, parts_.heads, norm(parts_.norm1, x)), x);
      x = fc2_.plus(fc1_.gelu(norm(parts_.norm2, x), parts_.tanh_gelu), x);
    }
    if (parts_.keeps_skip) hidden.skips.push_back(x);
  }

 private:
  void run_modulated(at::Tensor& x, const at::Tensor& condition) const {
    const auto parts = modulation_(condition).unsqueeze(1).chunk(6, -1);
    const auto modulated = [](const at::Tensor& normed, const at::Tensor& shift, const at::Tensor& scale) {
      return at::addcmul(shift, normed, scale + 1.0);
    };
    x = at::addcmul(x, parts[2],
                    proj_(attend(qkv_, parts_.heads, modulated(norm(parts_.norm1, x), parts[0], parts[1]))));
    const auto inner = fc1_.gelu(modulated(norm(parts_.norm2, x), parts[3], parts[4]), parts_.tanh_gelu);
    x = at::addcmul(x, parts[5], fc2_(inner));
  }

  static at::Tensor norm(const NormParts& norm, const at::Tensor& x) {
    return at::layer_norm(x, {x.size(2)}, norm.weight, norm.bias, norm.epsilon);
  }

  BlockParts parts_;
  FusedEntry entry_;
  PackedLinear qkv_;
  PackedLinear proj_;
  PackedLinear fc1_;
  PackedLinear fc2_;
  PackedLinear modulation_;
};

class FusedCompiler final : public Compiler {
 public:
  std::unique_ptr<CompiledStretch> compile(const std::vector<BlockParts>& blocks, int64_t) override {
    return std::make_unique<FusedBlock>(blocks.front());
  }
  std::unique_ptr<CompiledStretch> compile_entry(const BlockParts& block) override {
    return std::make_unique<FusedEntry>(block.skip_linear);
  }
  std::unique_ptr<CompiledStretch> compile_branch(const BlockParts& block, backbones::Branch branch, int64_t) override {
    if (branch == backbones::Branch::attention) return std::make_unique<FusedAttention>(block);
    return std::make_unique<FusedMlp>(block);
  }
  bool joins_blocks() const override { return false; }
};

}  // namespace

std::string fused_missing(const std::string& precision) {
  for (const auto& [name, overload] : {std::pair(kPack, ""), std::pair(kLinear, ""), std::pair(kLinear, "binary")}) {
    if (!c10::Dispatcher::singleton().findSchema({name, overload})) {
      return std::string("this LibTorch has no ") + name;
    }
  }
  return precision == "bf16" && !packs_bf16() ? "bf16 needs a CPU with AVX-512 (BW, VL, DQ) or AVX-NE-CONVERT" : "";
}

std::unique_ptr<Compiler> make_fused_compiler(const Compute&) { return std::make_unique<FusedCompiler>(); }

}  // namespace diffbench::runtimes
