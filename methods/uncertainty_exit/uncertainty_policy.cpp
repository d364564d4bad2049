#include "methods/uncertainty_exit/uncertainty_policy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/exit_gate/exit_gate.h"
#include "methods/model/kernel_stream.h"
#include "methods/sampling/row_memory.h"
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

using backbones::Hidden;
using exits::RowMask;
using exits::Rows;

UncertaintyPolicy::UncertaintyPolicy(std::shared_ptr<const UncertaintyHeads> heads, const Model& model,
                                     const UncertaintySettings& settings)
    : heads_(std::move(heads)),
      settings_(settings),
      blocks_(model.network.backbone->block_count()),
      image_tokens_(model.network.backbone->image_token_count()),
      times_in_all_(model.schedule->span()) {}

void UncertaintyPolicy::end(const std::vector<int64_t>& samples) {
  const std::set<int64_t> gone(samples.begin(), samples.end());
  const auto is_gone = [&](const Member& member) { return gone.contains(member.sample); };
  if (!std::all_of(members_.begin(), members_.end(), is_gone)) {
    read_observations();  // the others go on
  }
  members_.clear();
  observed_.clear();
  forget_samples(next_depth_, samples);
}

void UncertaintyPolicy::prepare_times(const std::vector<double>& times) {
  for (const double t : times) {
    time_logits(t);
  }
}

void UncertaintyPolicy::begin_evaluation(const Batch& batch) {
  const size_t rows = batch.members.size();
  hits_.assign(rows, 0);
  wants_out_.assign(rows, false);
  if (settings_.reads == Reads::kPreviousEvaluation) {
    read_observations();
    members_ = batch.members;
    went_.assign(rows, blocks_);
    planned_.clear();
    for (const auto& member : members_) {
      const auto found = next_depth_.find(member);
      planned_.push_back(found == next_depth_.end() ? blocks_ : found->second);
    }
  }
}

bool UncertaintyPolicy::asks_after(int block) const {
  const int exit = block + 1;
  return exit >= settings_.first_exit && exit < blocks_ && (exit - settings_.first_exit) % settings_.probe_every == 0;
}

RowMask UncertaintyPolicy::decide(int block, const Hidden& hidden, const Rows& rows) {
  const auto u = uncertainty_of(block, hidden);
  if (settings_.reads == Reads::kEveryBlock) {
    return decide_from(u.cpu(), block, rows);
  }
  observed_.push_back({block, rows, u});
  std::vector<bool> leaves;
  for (const int64_t row : rows) {
    leaves.push_back(planned_[static_cast<size_t>(row)] <= block + 1);
  }
  return RowMask::from(std::move(leaves));
}

RowMask UncertaintyPolicy::decide_from(const at::Tensor& u, int block, const Rows& rows) {
  const float* values = u.data_ptr<float>();
  if (settings_.granularity == Granularity::kBatchMean) {
    double sum = 0.0;
    for (size_t i = 0; i < rows.size(); ++i) {
      sum += values[i];
    }
    const bool hit = sum / static_cast<double>(rows.size()) < settings_.threshold;
    return hit && ++hits_.front() >= hits_needed(block) ? RowMask::all() : RowMask::none();
  }
  std::vector<bool> leaves;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<size_t>(rows[i]);
    if (values[i] < settings_.threshold && ++hits_[row] >= hits_needed(block)) {  // a NaN is no hit
      wants_out_[row] = true;
    }
    leaves.push_back(wants_out_[row]);
  }
  const auto mask = RowMask::from(std::move(leaves));
  if (mask.kind == RowMask::Kind::some && settings_.granularity != Granularity::kRow) {
    return settings_.granularity == Granularity::kBatchAny ? RowMask::all() : RowMask::none();
  }
  return mask;
}

int UncertaintyPolicy::hits_needed(int block) const {
  return settings_.patient_until == 0 || block < settings_.patient_until ? settings_.patience : 1;
}

void UncertaintyPolicy::left(int block, const Rows& rows) {
  if (settings_.reads == Reads::kPreviousEvaluation) {
    for (const int64_t row : rows) {
      went_[static_cast<size_t>(row)] = block + 1;
    }
  }
}

// The only read: what the gates said in the evaluation before. A row goes where it would have left then; where no gate
// it passed let it go, one block deeper than it went.
void UncertaintyPolicy::read_observations() {
  if (observed_.empty()) {
    return;
  }
  std::vector<at::Tensor> all;
  for (const auto& observation : observed_) {
    all.push_back(observation.u);
  }
  const auto u = at::cat(all).cpu();
  const float* value = u.data_ptr<float>();
  std::vector<int> depths(members_.size());
  std::transform(went_.begin(), went_.end(), depths.begin(), [&](int went) { return std::min(went + 1, blocks_); });
  for (const auto& observation : observed_) {
    for (const int64_t place : observation.rows) {
      const auto row = static_cast<size_t>(place);
      // a row carried along after it had left has nothing more to say
      if (*value++ < settings_.threshold && observation.block < went_[row]) {
        depths[row] = std::min(depths[row], observation.block + 1);
      }
    }
  }
  for (size_t row = 0; row < members_.size(); ++row) {
    next_depth_[members_[row]] = depths[row];
  }
  observed_.clear();
}

at::Tensor UncertaintyPolicy::uncertainty_of(int block, const Hidden& hidden) {
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
const std::vector<double>& UncertaintyPolicy::time_logits(double t) {
  auto& logits = time_logits_[t];
  if (logits.empty()) {
    const auto features = heads_->time_features({t}, times_in_all_)[0].to(at::kCPU, at::kDouble);
    for (int i = 0; i + 1 < blocks_; ++i) {
      double logit = heads_->gate_bias(i).item<double>();
      if (heads_->options().time_input) {
        logit += features.dot(heads_->gate_time_weight(i).to(at::kCPU, at::kDouble)).item<double>();
      }
      logits.push_back(logit);
    }
  }
  return logits;
}

double UncertaintyPolicy::probe_flops(int) const {
  return 2.0 * static_cast<double>(image_tokens_ * heads_->gate_weight(0).size(0));
}

at::Tensor UncertaintyPolicy::head(backbones::Backbone& backbone, int block, const Hidden& leavers) {
  return heads_->head(backbone, block, leavers);
}

}  // namespace diffbench::methods::uncertainty_exit
