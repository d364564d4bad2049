#pragma once
// Transformer blocks as an OpenVINO model, straight from LibTorch's tensors.
//
//   auto stretch = build_stretch_model(blocks, ov::element::bf16, 64);
//
// Inputs: tokens [rows, L, D]; the condition [rows, D] where blocks are modulated; the long skips that its blocks take
// from before the stretch, last kept first. Outputs: tokens; the long skips that its blocks keep for later, in order.

#include <openvino/core/model.hpp>

#include "methods/backbones/block_parts.h"

namespace diffbench::runtimes {

struct StretchModel {
  std::shared_ptr<ov::Model> model;
  bool reads_condition = false;
  size_t takes = 0;  // long skips
  size_t keeps = 0;
};

StretchModel build_stretch_model(const std::vector<backbones::BlockParts>& blocks, ov::element::Type type,
                                 int64_t rows);  // 0: any number of them
// one branch of a block: normed tokens in, what is to be added (a gate is not applied) out
StretchModel build_branch_model(const backbones::BlockParts& block, backbones::Branch branch, ov::element::Type type,
                                int64_t rows);

}  // namespace diffbench::runtimes
