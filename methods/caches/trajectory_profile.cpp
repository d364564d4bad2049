#include "methods/caches/trajectory_profile.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "methods/backbones/block_trace.h"
#include "methods/sampling/embed_batch.h"

namespace diffbench::caches {
namespace {

using backbones::Branch;

// by row
std::vector<double> relative(const at::Tensor& now, const at::Tensor& before) {
  const auto size = [](const at::Tensor& x) { return x.to(at::kDouble).abs().flatten(1).mean(1); };
  const auto change = (size(now - before) / size(before)).cpu().contiguous();
  return {change.const_data_ptr<double>(), change.const_data_ptr<double>() + change.numel()};
}

// summed over rows
double relative_sum(const at::Tensor& change, const at::Tensor& size) {
  const auto sums = [](const at::Tensor& x) { return x.to(at::kDouble).abs().flatten(1).sum(1); };
  return (sums(change) / sums(size)).sum().item<double>();
}

}  // namespace

nlohmann::json ProfilingDenoiser::prepare(const PrepareRequest& request, const nlohmann::json&) {
  times_.prepare(request.times);
  backbone_->prepare_times(request.times);
  const auto places = static_cast<size_t>(times_.count());
  profile_.magnitude_ratio.assign(places, 0.0);
  profile_.branch_change.assign(2, {});
  for (auto& kind : profile_.branch_change) kind.assign(static_cast<size_t>(lags_), std::vector<double>(places, 0.0));
  return nlohmann::json::object();
}

at::Tensor ProfilingDenoiser::predict(const Batch& batch, EvaluationTrace& trace) {
  backbones::BlockTrace counted(*backbone_, batch.t, trace);
  auto hidden = embed_batch(*backbone_, batch);
  const auto entered = hidden.tokens;
  Notes notes;
  for (int block = 0; block < backbone_->block_count(); ++block) {
    backbone_->enter_block(block, hidden);
    for (const auto branch : {Branch::attention, Branch::mlp}) {
      const auto input = backbone_->branch_input(block, branch, hidden);
      if (!notes.input.defined()) notes.input = input;
      notes.branches.push_back(backbone_->branch_output(block, branch, input));
      backbone_->add_branch(block, branch, notes.branches.back(), hidden);
    }
    backbone_->leave_block(block, hidden);
    counted.executed(block);
  }
  notes.residual = hidden.tokens - entered;
  counted.ran(batch.x.size(0), backbone_->block_count());
  counted.head();
  auto output = backbone_->head(hidden);
  notes.eps = output.narrow(1, 0, channels_);
  const auto place = static_cast<size_t>(times_.place(batch.t.front()));
  if (place == seen_.size()) {
    if (place == 0) profile_.rows += batch.x.size(0);
    compare(place, notes);
    seen_.push_back(std::move(notes));
    // older ones are not compared any more
    if (seen_.size() > static_cast<size_t>(lags_)) seen_[seen_.size() - static_cast<size_t>(lags_) - 1] = {};
  }
  return output;
}

void ProfilingDenoiser::compare(size_t place, const Notes& now) {
  if (place == 0) {
    profile_.magnitude_ratio[0] += static_cast<double>(now.eps.size(0));
    return;
  }
  const auto& before = seen_.back();
  const auto append = [](std::vector<double>& all, const std::vector<double>& own) {
    all.insert(all.end(), own.begin(), own.end());
  };
  append(profile_.input_change, relative(now.input, before.input));
  append(profile_.output_change, relative(now.eps, before.eps));
  const auto norms = [](const at::Tensor& x) { return x.to(at::kDouble).norm(2, -1); };
  profile_.magnitude_ratio[place] += (norms(now.residual) / norms(before.residual)).mean(1).sum().item<double>();
  const auto blocks = static_cast<double>(now.branches.size() / 2);
  for (size_t lag = 1; lag <= static_cast<size_t>(lags_) && lag <= place; ++lag) {
    const auto& then = seen_[place - lag];
    for (size_t branch = 0; branch < now.branches.size(); ++branch) {
      profile_.branch_change[branch % 2][lag - 1][place - lag] +=
          relative_sum(now.branches[branch] - then.branches[branch], now.branches[branch]) / blocks;
    }
  }
}

std::vector<double> fit_polynomial(const std::vector<double>& x, const std::vector<double>& y, int64_t degree) {
  const auto points = at::tensor(x, at::kDouble);
  std::vector<at::Tensor> powers;
  for (int64_t power = degree; power >= 0; --power) powers.push_back(points.pow(static_cast<double>(power)));
  const auto fitted = std::get<0>(
      at::linalg_lstsq(at::stack(powers, 1), at::tensor(y, at::kDouble).unsqueeze(1), std::nullopt, "gelsd"));
  const auto own = fitted.flatten().contiguous();
  return {own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel()};
}

std::vector<bool> smooth_timetable(const std::vector<std::vector<double>>& change, double threshold, int64_t places) {
  std::vector<bool> runs(static_cast<size_t>(places), true);
  for (int64_t place = 0; place < places;) {
    int64_t skips = static_cast<int64_t>(change.size());
    // a change is known where both of its places are
    while (skips > 0 && (place + skips >= places ||
                         change[static_cast<size_t>(skips) - 1][static_cast<size_t>(place)] > threshold)) {
      --skips;
    }
    for (int64_t skip = 1; skip <= skips; ++skip) runs[static_cast<size_t>(place + skip)] = false;
    place += skips + 1;
  }
  runs.back() = true;
  return runs;
}

}  // namespace diffbench::caches
