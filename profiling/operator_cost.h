#pragma once
// What a LibTorch operator computes and moves, counted from its name and the shapes of its tensors.
//
//   operator_cost("aten::mm", {{{64, 256}, 4}, {{256, 512}, 4}}, {{{64, 512}, 4}})   // flops = 2 * 64 * 256 * 512
//
// FLOPs: one multiply-add is two, as in methods/backbones/backbone.h. Known are matrix products, linear, convolution
// (forward), scaled dot-product attention, normalisation, softmax (five per element each) and elementwise arithmetic
// (one per element of the result); for others NaN. Moved bytes are a floor: every input element read once, every output
// element written once, caches and temporaries left out; an expanded dimension (stride 0) counts once. Operators that
// only describe tensors move nothing.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiling/scope.h"

namespace diffbench::profiling {

struct TensorShape {
  std::vector<std::int64_t> sizes;
  std::int64_t element_bytes = 0;
  std::int64_t distinct_elements = -1;  // -1: the product of the sizes

  std::int64_t element_count() const;
  double bytes() const;
};

OperationCost operator_cost(std::string_view name, std::span<const TensorShape> inputs,
                            std::span<const TensorShape> outputs);

// "[64,256]*4 [256,512]*4": sizes times bytes per element, in the order of the arguments
std::string shapes_text(std::span<const TensorShape> inputs);

// Whether the operator touches no element: it makes a view, allocates, or asks for a property.
bool is_metadata_operator(std::string_view name);

}  // namespace diffbench::profiling
