#pragma once
// Gates of uncertainty_heads.h as they are asked while sampling: one pass of kernels/exit_gate over the tokens; the
// part that depends on the time alone is computed once per time.
//
//   TokenGates gates(read_heads(folder, *model, "--param heads"), *model);

#include <map>
#include <memory>

#include "methods/uncertainty_exit/exit_gates.h"
#include "methods/uncertainty_exit/uncertainty_heads.h"

namespace diffbench::methods::uncertainty_exit {

class TokenGates : public ExitGates {
 public:
  TokenGates(std::shared_ptr<const UncertaintyHeads> heads, const Model& model);

  void prepare_times(const std::vector<double>& times) override;
  at::Tensor uncertainty(int block, const backbones::Hidden& hidden) override;
  double flops() const override;
  at::Tensor head(backbones::Backbone& backbone, int block, const backbones::Hidden& hidden) const override;

 private:
  const std::vector<double>& time_logits(double t);

  std::shared_ptr<const UncertaintyHeads> heads_;
  int exits_;
  int64_t image_tokens_;
  double times_in_all_;
  std::map<double, std::vector<double>> time_logits_;  // by t: v_i . e(t) + b_i of every gate
};

}  // namespace diffbench::methods::uncertainty_exit
