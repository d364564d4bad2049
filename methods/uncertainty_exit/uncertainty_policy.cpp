#include "methods/uncertainty_exit/uncertainty_policy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "methods/sampling/row_memory.h"

namespace diffbench::methods::uncertainty_exit {
using backbones::Hidden;
using exits::RowMask;
using exits::Rows;

UncertaintyPolicy::UncertaintyPolicy(std::unique_ptr<ExitGates> gates, int blocks, const UncertaintySettings& settings)
    : gates_(std::move(gates)), settings_(settings), blocks_(blocks) {}

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
  const auto u = gates_->uncertainty(block, hidden);
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

at::Tensor UncertaintyPolicy::head(backbones::Backbone& backbone, int block, const Hidden& leavers) {
  return gates_->head(backbone, block, leavers);
}

}  // namespace diffbench::methods::uncertainty_exit
