#include "methods/caches/stretch_cache.h"

#include <ATen/ATen.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "methods/backbones/block_trace.h"
#include "methods/sampling/embed_batch.h"
#include "methods/sampling/row_groups.h"

namespace diffbench::caches {
namespace {

using backbones::Backbone;
using backbones::Hidden;

// long skips that wait for later blocks before this one
size_t pending_skips(const Backbone& backbone, int block) {
  size_t pending = 0;
  for (int index = 0; index < block; ++index) {
    const auto parts = backbone.block_parts(index);
    if (!parts) continue;
    if (parts->skip_linear.weight.defined()) --pending;
    if (parts->keeps_skip) ++pending;
  }
  return pending;
}

// sums over a row's numbers in float64: the same row must decide alike in any batch
at::Tensor sizes(const at::Tensor& change) { return change.to(at::kDouble).abs().flatten(1).mean(1); }

}  // namespace

std::string obstacle(const Backbone& backbone, StretchEnds ends) {
  const int blocks = backbone.block_count();
  if (ends.front + ends.back >= blocks) {
    return std::to_string(ends.front) + " and " + std::to_string(ends.back) + " blocks at the ends leave none of the " +
           std::to_string(blocks) + " to reuse";
  }
  // a block at the back may want the skip of a block that only the stretch would have run
  if (pending_skips(backbone, blocks - ends.back) > pending_skips(backbone, ends.front)) {
    return "the last " + std::to_string(ends.back) + " blocks take long skips from more than the first " +
           std::to_string(ends.front);
  }
  return {};
}

StretchCache::StretchCache(std::shared_ptr<Backbone> backbone, StretchEnds ends, std::unique_ptr<ReuseRule> rule)
    : backbone_(std::move(backbone)),
      first_(ends.front),
      end_(backbone_->block_count() - ends.back),
      pending_skips_(pending_skips(*backbone_, end_)),
      rule_(std::move(rule)) {}

nlohmann::json StretchCache::prepare(const PrepareRequest& request, const nlohmann::json&) {
  times_.prepare(request.times);
  backbone_->prepare_times(request.times);
  std::vector<backbones::Stretch> stretches{{first_, end_}};
  if (first_ > 0) stretches.push_back({0, first_});
  if (end_ < backbone_->block_count()) stretches.push_back({end_, backbone_->block_count()});
  backbone_->prepare_stretches(stretches, request.rows);
  return nlohmann::json::object();
}

void StretchCache::end(const std::vector<int64_t>& samples) {
  rule_->forget(samples);
  memory_.forget(samples);
}

at::Tensor StretchCache::predict(const Batch& batch, EvaluationTrace& trace) {
  times_.meet(batch.t);
  const auto rows = static_cast<int64_t>(batch.members.size());
  const int blocks = backbone_->block_count();
  backbones::BlockTrace counted(*backbone_, batch.t, trace);
  auto hidden = embed_batch(*backbone_, batch);
  const auto entered = hidden.tokens;
  if (first_ > 0) backbone_->run_blocks(0, first_, hidden);
  const auto change = first_ > 0 ? hidden.tokens - entered : at::Tensor();

  const Seen seen{batch, change, hidden, *backbone_, times_};
  auto reuses = rule_->wants_reuse(seen);
  for (size_t row = 0; row < reuses.size(); ++row) reuses[row] = reuses[row] && memory_.knows(batch.members[row]);
  for (size_t row = 0, half = reuses.size() / 2; coupled_halves_ && row < half; ++row) {
    reuses[row] = reuses[row + half] = reuses[row] && reuses[row + half];
  }
  const auto computing = computing_rows(reuses);
  rule_->decided(seen, reuses);

  const auto computed = static_cast<double>(computing.size());
  if (computing.empty()) {
    hidden.tokens = hidden.tokens + memory_.recall(batch.members).front();
  } else {
    run_stretch(batch, computing, hidden);
  }
  hidden.skips.resize(pending_skips_);
  if (end_ < blocks) backbone_->run_blocks(end_, blocks, hidden);

  for (int block = 0; block < blocks; ++block) {
    counted.executed(block, block >= first_ && block < end_ ? computed : static_cast<double>(rows));
  }
  counted.probed(rule_->probe_flops(*backbone_));
  counted.ran(rows - static_cast<int64_t>(computing.size()), blocks - (end_ - first_));
  counted.ran(static_cast<int64_t>(computing.size()), blocks);
  counted.head();
  return backbones::head_in_scope(*backbone_, hidden);
}

void StretchCache::run_stretch(const Batch& batch, const std::vector<int64_t>& computing, Hidden& hidden) {
  const bool all = computing.size() == batch.members.size();
  auto own = all ? hidden : hidden.select(computing, true);
  const auto entered = own.tokens;
  backbone_->run_blocks(first_, end_, own);
  const auto change = own.tokens - entered;
  if (all) {
    memory_.keep(batch.members, {change});
    hidden.tokens = own.tokens;
    return;
  }
  std::vector<Member> members;
  for (const int64_t row : computing) members.push_back(batch.members[static_cast<size_t>(row)]);
  memory_.update(members, {change});
  hidden.tokens = (hidden.tokens + memory_.recall(batch.members).front())
                      .index_copy_(0, row_index(computing, hidden.tokens.device()), own.tokens);
}

std::vector<double> change_since(RowMemory& memory, const std::vector<Member>& members, const at::Tensor& now,
                                 bool by_row) {
  std::vector<double> change(members.size(), std::numeric_limits<double>::infinity());
  const auto known = split_rows(members.size(), [&](size_t row) { return memory.knows(members[row]); })[0];
  if (known.empty()) return change;
  std::vector<Member> own;
  for (const int64_t row : known) own.push_back(members[static_cast<size_t>(row)]);
  const bool all = known.size() == members.size();
  const auto before = memory.recall(own).front();
  auto distance = sizes((all ? now : now.index_select(0, row_index(known, now.device()))) - before);
  auto size = sizes(before);
  if (!by_row) {
    distance = distance.mean().expand_as(distance);
    size = size.mean().expand_as(size);
  }
  const auto relative = (distance / size).cpu().contiguous();
  for (size_t i = 0; i < known.size(); ++i)
    change[static_cast<size_t>(known[i])] = relative.const_data_ptr<double>()[i];
  return change;
}

void keep_rows(RowMemory& memory, const std::vector<Member>& members, const std::vector<int64_t>& rows,
               const at::Tensor& tensor) {
  if (rows.empty()) return;
  if (rows.size() == members.size()) {
    memory.keep(members, {tensor});
    return;
  }
  std::vector<Member> own;
  for (const int64_t row : rows) own.push_back(members[static_cast<size_t>(row)]);
  memory.update(own, {tensor.index_select(0, row_index(rows, tensor.device()))});
}

std::vector<int64_t> computing_rows(const std::vector<bool>& reused) {
  return split_rows(reused.size(), [&](size_t row) { return !reused[row]; })[0];
}

}  // namespace diffbench::caches
