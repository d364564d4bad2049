#include "methods/caches/branch_cache.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "methods/config/input_error.h"
#include "methods/method.h"
#include "methods/sampling/embed_batch.h"
#include "methods/sampling/row_groups.h"

namespace diffbench::caches {

using backbones::Branch;

at::Tensor BranchRule::forecast(const std::vector<at::Tensor>& kept, const std::vector<int64_t>&, int64_t) const {
  return kept.back();
}

nlohmann::json BranchCache::prepare(const PrepareRequest& request, const nlohmann::json&) {
  times_.prepare(request.times);
  rule_->prepare(times_);
  backbone_->prepare_times(request.times);
  if (rule_->history() == 0) backbone_->prepare_stretches({{0, backbone_->block_count()}}, request.rows);
  return nlohmann::json::object();
}

void BranchCache::end(const std::vector<int64_t>& samples) {
  memory_.forget(samples);
  forget_samples(places_, samples);
}

std::vector<BranchCache::Plan> BranchCache::plans_of(const Batch& batch) const {
  std::vector<Plan> plans;
  for (size_t row = 0; row < batch.t.size(); ++row) {
    Plan plan{.runs = {}, .place = times_.place(batch.t[row]), .kept = Places(static_cast<size_t>(branches()))};
    if (const auto known = places_.find(batch.members[row]); known != places_.end()) plan.kept = known->second;
    for (int64_t branch = 0; branch < branches(); ++branch) {
      plan.runs.push_back(plan.kept[static_cast<size_t>(branch)].empty() || rule_->runs(batch.t[row], times_, branch));
    }
    plans.push_back(std::move(plan));
  }
  for (size_t row = 0, half = plans.size() / 2; coupled_halves_ && row < half; ++row) {
    for (size_t branch = 0; branch < plans[row].runs.size(); ++branch) {
      const bool runs = plans[row].runs[branch] || plans[row + half].runs[branch];
      plans[row].runs[branch] = plans[row + half].runs[branch] = runs;
    }
  }
  for (auto& plan : plans) {
    if (!std::all_of(plan.runs.begin(), plan.runs.end(), [](bool runs) { return runs; })) continue;
    plan.place = 0;
    for (auto& places : plan.kept) std::fill(places.begin(), places.end(), 0);
  }
  return plans;
}

void BranchCache::note_places(const Plan& plan, const Batch& batch) {
  for (size_t row = 0; row < batch.members.size(); ++row) {
    auto& places = places_[batch.members[row]];
    places.resize(plan.runs.size());
    for (size_t branch = 0; branch < plan.runs.size(); ++branch) {
      auto& own = places[branch];
      if (plan.runs[branch]) own.push_back(times_.place(batch.t[row]));
      if (own.size() > rule_->history()) own.erase(own.begin());
    }
  }
}

at::Tensor BranchCache::predict(const Batch& batch, EvaluationTrace& trace) {
  times_.meet(batch.t);
  std::map<Plan, std::vector<int64_t>> alike;
  auto plans = plans_of(batch);
  for (size_t row = 0; row < plans.size(); ++row) {
    alike[std::move(plans[row])].push_back(static_cast<int64_t>(row));
  }
  std::vector<std::vector<int64_t>> groups;
  std::vector<const Plan*> of_group;
  for (const auto& [plan, rows] : alike) {
    of_group.push_back(&plan);
    groups.push_back(rows);
  }
  const auto eps = predict_in_groups(
      groups, batch, [&](size_t group, const Batch& own) { return predict_alike(*of_group[group], own, trace); });
  trace.t = batch.t.front();
  return eps;
}

at::Tensor BranchCache::predict_alike(const Plan& plan, const Batch& batch, EvaluationTrace& trace) {
  const auto rows = static_cast<int64_t>(batch.t.size());
  backbones::BlockTrace counted(*backbone_, batch.t, trace);
  auto hidden = embed_batch(*backbone_, batch);
  if (rule_->history() == 0) {  // nothing will be reused: no reason to take blocks apart
    const int all = backbone_->block_count();
    backbone_->run_blocks(0, all, hidden);
    for (int block = 0; block < all; ++block) counted.executed(block);
    counted.ran(rows, all);
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }
  std::vector<at::Tensor> before;
  if (memory_.knows(batch.members.front())) before = memory_.recall(batch.members);
  std::vector<at::Tensor> after;
  auto kept = before.begin();
  int blocks = 0;
  for (int block = 0; block < backbone_->block_count(); ++block) {
    const auto first = static_cast<size_t>(2 * block);
    const bool runs = plan.runs[first] || plan.runs[first + 1];
    blocks += runs ? 1 : 0;
    const profiling::Scope scope(profiling::Phase::kBlock, runs ? "block" : "reused block",
                                 {.block = block, .rows = rows, .rows_inside = rows});
    backbone_->enter_block(block, hidden);
    for (const auto branch : {Branch::attention, Branch::mlp}) {
      const size_t number = first + (branch == Branch::mlp ? 1 : 0);
      const auto& own_places = plan.kept[number];
      std::vector<at::Tensor> own(kept, kept + static_cast<std::ptrdiff_t>(own_places.size()));
      kept += static_cast<std::ptrdiff_t>(own_places.size());
      if (plan.runs[number]) {
        own.push_back(backbone_->branch_output(block, branch, backbone_->branch_input(block, branch, hidden)));
        backbone_->add_branch(block, branch, own.back(), hidden);
        if (own.size() > rule_->history()) own.erase(own.begin());
      } else {
        backbone_->add_branch(block, branch, rule_->forecast(own, own_places, plan.place), hidden);
      }
      after.insert(after.end(), own.begin(), own.end());
    }
    backbone_->leave_block(block, hidden);
    counted.branches(block, plan.runs[first], plan.runs[first + 1]);
  }
  memory_.keep(batch.members, std::move(after));
  note_places(plan, batch);
  counted.ran(rows, blocks);
  counted.head();
  return backbones::head_in_scope(*backbone_, hidden);
}

std::unique_ptr<Denoiser> make_branch_cache(const methods::MethodContext& context, std::unique_ptr<BranchRule> rule) {
  const auto& backbone = context.model->network.backbone;
  if (!backbone->has_branches()) {
    throw config::InputError(context.where + ": the network of '" + context.model->name +
                             "' has no attention and MLP to keep apart");
  }
  return std::make_unique<BranchCache>(backbone, std::move(rule));
}

}  // namespace diffbench::caches
