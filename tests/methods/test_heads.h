#pragma once
// Gates and heads of uncertainty_exit with random numbers, beside a test's model.
//
//   write_random_heads(*model);                              // <model's folder>/uncertainty
//   make_method("uncertainty_exit", {{"threshold", 0.5}}, ...);

#include "methods/uncertainty_exit/uncertainty_heads.h"

namespace diffbench::testing_models {

inline void write_random_heads(const Model& model, methods::uncertainty_exit::UncertaintyOptions options = {}) {
  at::manual_seed(7);
  methods::uncertainty_exit::UncertaintyHeads heads(*model.network.backbone, options);
  heads.to(at::kFloat);
  const at::NoGradGuard no_grad;
  for (auto& parameter : heads.parameters()) {
    parameter.add_(at::randn_like(parameter) * 0.2);  // u differs from row to row, from block to block and over time
  }
  methods::uncertainty_exit::write_heads(heads, model.fingerprint,
                                         std::filesystem::path(model.file).parent_path() / "uncertainty");
}

}  // namespace diffbench::testing_models
