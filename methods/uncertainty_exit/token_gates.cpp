#include "methods/uncertainty_exit/token_gates.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "kernels/exit_gate/exit_gate.h"
#include "methods/model/kernel_stream.h"
#include "profiling/scope.h"

namespace diffbench::methods::uncertainty_exit {
namespace {

// one call of the kernel; row_logits: what is added to each row's sum, or one number for all
template <typename T, typename Element>
at::Tensor run_gate(const at::Tensor& tokens, int64_t first_token, const at::Tensor& weight,
                    const std::vector<double>& row_logits) {
  using Sum = typename kernels::ExitGateSum<Element>::Type;
  const int64_t rows = tokens.size(0);
  auto u = at::empty({rows}, at::TensorOptions(at::kFloat).device(tokens.device()));
  const bool alike =
      std::all_of(row_logits.begin(), row_logits.end(), [&](double logit) { return logit == row_logits.front(); });
  at::Tensor row_bias;
  if (!alike) {
    row_bias = at::tensor(row_logits, at::TensorOptions(at::kDouble)).to(weight.options());
  }
  const kernels::ExitGateArgs<Element> args{
      .tokens = reinterpret_cast<const Element*>(tokens.data_ptr<T>()) + first_token * tokens.size(2),
      .row_stride = tokens.stride(0),
      .rows = rows,
      .token_count = tokens.size(1) - first_token,
      .token_elements = tokens.size(2),
      .weight = weight.data_ptr<Sum>(),
      .bias = alike ? static_cast<Sum>(row_logits.front()) : Sum{0},
      .row_bias = alike ? nullptr : row_bias.data_ptr<Sum>(),
      .uncertainty = u.data_ptr<float>()};
  const auto values = static_cast<double>(rows * args.token_count * args.token_elements);
  const profiling::Operation operation("diffbench::exit_gate",
                                       {.flops = 2.0 * values, .moved_bytes = values * sizeof(Element)});
  if (tokens.is_cuda()) {
    kernels::exit_gate_cuda(args, current_stream(tokens.device()));
  } else {
    kernels::exit_gate_cpu(args);
  }
  return u;
}

}  // namespace

TokenGates::TokenGates(std::shared_ptr<const UncertaintyHeads> heads, const Model& model)
    : heads_(std::move(heads)),
      exits_(model.network.backbone->block_count() - 1),
      image_tokens_(model.network.backbone->image_token_count()),
      times_in_all_(model.schedule->span()) {}

void TokenGates::prepare_times(const std::vector<double>& times) {
  for (const double t : times) {
    time_logits(t);
  }
}

at::Tensor TokenGates::uncertainty(int block, const backbones::Hidden& hidden) {
  std::vector<double> logits;
  for (const double t : hidden.t) {
    logits.push_back(time_logits(t)[static_cast<size_t>(block)]);
  }
  const auto tokens = hidden.tokens.contiguous();
  const auto& weight = heads_->gate_weight(block);
  const int64_t first = heads_->first_image_token();
  switch (tokens.scalar_type()) {
    case at::kDouble:
      return run_gate<double, double>(tokens, first, weight, logits);
    case at::kBFloat16:
      return run_gate<at::BFloat16, kernels::Bfloat16>(tokens, first, weight, logits);
    default:
      return run_gate<float, float>(tokens.to(at::kFloat), first, weight, logits);
  }
}

// by gate: the part of its sum that depends on t alone, made once per time
const std::vector<double>& TokenGates::time_logits(double t) {
  auto& logits = time_logits_[t];
  if (logits.empty()) {
    const auto features = heads_->time_features({t}, times_in_all_)[0].to(at::kCPU, at::kDouble);
    for (int i = 0; i < exits_; ++i) {
      double logit = heads_->gate_bias(i).item<double>();
      if (heads_->options().time_input) {
        logit += features.dot(heads_->gate_time_weight(i).to(at::kCPU, at::kDouble)).item<double>();
      }
      logits.push_back(logit);
    }
  }
  return logits;
}

double TokenGates::flops() const { return 2.0 * static_cast<double>(image_tokens_ * heads_->gate_weight(0).size(0)); }

at::Tensor TokenGates::head(backbones::Backbone& backbone, int block, const backbones::Hidden& hidden) const {
  return heads_->head(backbone, block, hidden);
}

}  // namespace diffbench::methods::uncertainty_exit
