#include "profiling/operator_cost.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace diffbench::profiling {
namespace {

template <std::size_t count>
bool is_one_of(std::string_view name, const std::array<std::string_view, count>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view without_namespace(std::string_view name) {
  const std::size_t colons = name.find("::");
  return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

// "add_" does what "add" does
std::string_view without_in_place_mark(std::string_view name) {
  return name.ends_with('_') ? name.substr(0, name.size() - 1) : name;
}

constexpr std::array<std::string_view, 41> kMetadata = {"empty",
                                                        "empty_like",
                                                        "empty_strided",
                                                        "new_empty",
                                                        "new_empty_strided",
                                                        "view",
                                                        "view_as",
                                                        "_unsafe_view",
                                                        "reshape",
                                                        "_reshape_alias",
                                                        "as_strided",
                                                        "t",
                                                        "transpose",
                                                        "permute",
                                                        "slice",
                                                        "select",
                                                        "narrow",
                                                        "unsqueeze",
                                                        "squeeze",
                                                        "expand",
                                                        "expand_as",
                                                        "detach",
                                                        "alias",
                                                        "unbind",
                                                        "split",
                                                        "chunk",
                                                        "resize",
                                                        "set",
                                                        "flatten",
                                                        "unflatten",
                                                        "numel",
                                                        "movedim",
                                                        "swapaxes",
                                                        "mT",
                                                        "result_type",
                                                        "lift_fresh",
                                                        "is_same_size",
                                                        "split_with_sizes",
                                                        "broadcast_tensors",
                                                        "unfold",
                                                        "resize_as"};
constexpr std::array<std::string_view, 5> kProducts = {"mm", "bmm", "matmul", "dot", "mv"};
constexpr std::array<std::string_view, 3> kProductsOntoFirst = {"addmm", "baddbmm", "addmv"};
constexpr std::array<std::string_view, 9> kConvolutions = {"conv1d",
                                                           "conv2d",
                                                           "conv3d",
                                                           "convolution",
                                                           "_convolution",
                                                           "mkldnn_convolution",
                                                           "_nnpack_spatial_convolution",
                                                           "thnn_conv2d",
                                                           "_slow_conv2d_forward"};
constexpr std::array<std::string_view, 6> kAttention = {
    "scaled_dot_product_attention",        "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention", "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_cudnn_attention", "_scaled_dot_product_attention_math"};
constexpr std::array<std::string_view, 7> kFivePerElement = {
    "native_layer_norm", "layer_norm", "native_group_norm", "group_norm", "_softmax", "softmax", "_log_softmax"};
constexpr std::array<std::string_view, 34> kOnePerElement = {
    "add",  "sub",    "rsub",       "mul",       "div",       "neg",     "abs",     "exp",     "log",
    "sqrt", "rsqrt",  "reciprocal", "pow",       "sin",       "cos",     "tanh",    "sigmoid", "relu",
    "gelu", "silu",   "clamp",      "clamp_min", "clamp_max", "maximum", "minimum", "where",   "lerp",
    "erf",  "square", "eq",         "lt",        "gt",        "le",      "ge"};
constexpr std::array<std::string_view, 4> kTwoPerElement = {"addcmul", "addcdiv", "hardtanh", "mish"};
constexpr std::array<std::string_view, 7> kReductions = {"sum", "mean", "amax", "amin", "max", "min", "prod"};
// the first argument is written, never read
constexpr std::array<std::string_view, 9> kOverwrites = {"copy_",   "fill_",   "zero_",      "normal_",     "uniform_",
                                                         "random_", "arange_", "bernoulli_", "exponential_"};
// as many elements are read as written, plus the indices
constexpr std::array<std::string_view, 6> kGathers = {"index_select", "embedding", "gather",
                                                      "index",        "take",      "masked_select"};

double elements(std::span<const TensorShape> shapes) {
  return std::accumulate(shapes.begin(), shapes.end(), 0.0, [](double sum, const TensorShape& shape) {
    return sum + static_cast<double>(shape.element_count());
  });
}

double bytes(std::span<const TensorShape> shapes) {
  return std::accumulate(shapes.begin(), shapes.end(), 0.0,
                         [](double sum, const TensorShape& shape) { return sum + shape.bytes(); });
}

// FLOPs of a product whose left operand is `left`: every element of the result sums over the left's last dimension
double product_flops(const TensorShape& left, std::span<const TensorShape> outputs) {
  return left.sizes.empty() ? 0.0 : 2.0 * static_cast<double>(left.sizes.back()) * elements(outputs);
}

// query [.., L, E], key [.., S, E], value [.., S, Ev]: two products
double attention_flops(std::span<const TensorShape> inputs) {
  const auto& query = inputs[0].sizes;
  const auto& key = inputs[1].sizes;
  const auto& value = inputs[2].sizes;
  if (query.size() < 2 || key.size() < 2 || value.size() < 2) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto rows =
      static_cast<double>(inputs[0].element_count()) / static_cast<double>(std::max<std::int64_t>(query.back(), 1));
  const auto keys = static_cast<double>(key[key.size() - 2]);
  return 2.0 * rows * keys * static_cast<double>(query.back() + value.back());
}

double flops_of(std::string_view name, std::span<const TensorShape> inputs, std::span<const TensorShape> outputs) {
  const std::string_view plain = without_in_place_mark(name);
  if (inputs.size() >= 2 && is_one_of(name, kProducts)) {
    return product_flops(inputs[0], outputs);
  }
  if (inputs.size() >= 3 && is_one_of(plain, kProductsOntoFirst)) {
    return product_flops(inputs[1], outputs);
  }
  if (inputs.size() >= 2 && name == "linear") {
    return product_flops(inputs[0], outputs);
  }
  if (inputs.size() >= 2 && is_one_of(name, kConvolutions) && !inputs[1].sizes.empty() && !outputs.empty()) {
    // every element of the result sums over the weights of its output channel
    const double taps = static_cast<double>(inputs[1].element_count()) /
                        static_cast<double>(std::max<std::int64_t>(inputs[1].sizes[0], 1));
    return 2.0 * taps * elements(outputs.first(1));
  }
  if (inputs.size() >= 3 && is_one_of(name, kAttention)) {
    return attention_flops(inputs);
  }
  if (!inputs.empty() && is_one_of(name, kFivePerElement)) {
    return 5.0 * elements(inputs.first(1));
  }
  if (is_one_of(plain, kOnePerElement)) {
    return elements(outputs.first(std::min<std::size_t>(outputs.size(), 1)));
  }
  if (is_one_of(plain, kTwoPerElement)) {
    return 2.0 * elements(outputs.first(std::min<std::size_t>(outputs.size(), 1)));
  }
  if (!inputs.empty() && is_one_of(name, kReductions)) {
    return elements(inputs.first(1));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::int64_t TensorShape::element_count() const {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

double TensorShape::bytes() const {
  return static_cast<double>((distinct_elements >= 0 ? distinct_elements : element_count()) * element_bytes);
}

OperationCost operator_cost(std::string_view name, std::span<const TensorShape> inputs,
                            std::span<const TensorShape> outputs) {
  const std::string_view local = without_namespace(name);
  if (is_metadata_operator(name)) {
    return {.flops = 0.0, .moved_bytes = 0.0};
  }
  double moved = bytes(outputs);
  if (is_one_of(local, kOverwrites)) {
    moved += bytes(inputs.subspan(std::min<std::size_t>(inputs.size(), 1)));
  } else if (is_one_of(local, kGathers)) {
    moved += moved + bytes(inputs.subspan(std::min<std::size_t>(inputs.size(), 1)));
  } else {
    moved += bytes(inputs);
  }
  return {.flops = flops_of(local, inputs, outputs), .moved_bytes = moved};
}

std::string shapes_text(std::span<const TensorShape> inputs) {
  std::string text;
  for (const TensorShape& shape : inputs) {
    text += text.empty() ? "[" : " [";
    for (std::size_t i = 0; i < shape.sizes.size(); ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(shape.sizes[i]);
    }
    text += "]*" + std::to_string(shape.element_bytes);
  }
  return text;
}

bool is_metadata_operator(std::string_view name) {
  return is_one_of(without_in_place_mark(without_namespace(name)), kMetadata);
}

}  // namespace diffbench::profiling
