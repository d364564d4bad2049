#include "methods/exits/compaction.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <nlohmann/json.hpp>
#include <set>

#include "kernels/row_copy/row_copy.h"
#include "methods/model/kernel_stream.h"
#include "methods/sampling/batch.h"
#include "profiling/scope.h"

namespace diffbench::exits {
namespace {

using backbones::Hidden;

constexpr const char* kBlockTimes = "block_times";  // of the decisions

std::vector<at::Tensor*> all_tensors(Hidden& hidden) {
  std::vector<at::Tensor*> tensors{&hidden.tokens};
  for (auto& skip : hidden.skips) {
    tensors.push_back(&skip);
  }
  if (hidden.condition.defined()) {
    tensors.push_back(&hidden.condition);
  }
  for (at::Tensor* tensor : tensors) {
    if (!tensor->is_contiguous()) {
      *tensor = tensor->contiguous();
    }
  }
  return tensors;
}

// a skip just pushed is the tokens themselves, which move once
std::vector<at::Tensor*> distinct_tensors(Hidden& hidden) {
  std::set<const void*> seen;
  std::vector<at::Tensor*> tensors;
  for (at::Tensor* tensor : all_tensors(hidden)) {
    if (seen.insert(tensor->data_ptr()).second) {
      tensors.push_back(tensor);
    }
  }
  return tensors;
}

}  // namespace

nlohmann::json CompactionRule::prepare(backbones::Backbone& backbone, int64_t max_rows, const nlohmann::json& given) {
  auto decisions = nlohmann::json::object();
  if (mode_ != Compaction::kMeasured) {
    return decisions;
  }
  if (given.is_null()) {
    const c10::InferenceMode inference;
    times_ = BlockTimes::measure(backbone, backbone.embed(backbone.blank_input(1), {0.0}, {}), max_rows);
  } else {
    times_.reset();
    if (given.contains(kBlockTimes)) {
      times_ = BlockTimes::from_json(given.at(kBlockTimes));
    }
  }
  if (times_) {
    decisions[kBlockTimes] = times_->to_json();
  }
  return decisions;
}

bool CompactionRule::pays(Hidden& hidden, int64_t rows_inside, int blocks_ahead) const {
  if (mode_ != Compaction::kMeasured || !times_) {
    return mode_ != Compaction::kNever;
  }
  const int64_t rows = hidden.tokens.size(0);
  const double saved_ns = blocks_ahead * (times_->block_ns(rows) - times_->block_ns(rows_inside));
  double bytes_per_row = 0.0;
  for (const at::Tensor* tensor : distinct_tensors(hidden)) {
    bytes_per_row += static_cast<double>(tensor->nbytes()) / static_cast<double>(rows);
  }
  return saved_ns > times_->move_ns(bytes_per_row * static_cast<double>(rows_inside));
}

void compact_rows(Hidden& hidden, const std::vector<int64_t>& positions) {
  if (c10::GradMode::is_enabled()) {
    hidden = hidden.select(positions, true);
    return;
  }
  const int64_t rows = hidden.tokens.size(0);
  const auto count = static_cast<int64_t>(positions.size());
  kernels::RowCopyArgs args{.tensors = {}, .tensor_count = 0, .rows = nullptr, .count = count, .source_rows = rows};
  const auto launch = [&] {
    double moved_bytes = 0.0;
    for (int i = 0; i < args.tensor_count; ++i) {
      moved_bytes += 2.0 * static_cast<double>(count * args.tensors[i].row_bytes);
    }
    const profiling::Operation operation("diffbench::row_copy", {.moved_bytes = moved_bytes});
    if (hidden.tokens.is_cuda()) {
      const auto index = row_index(positions, hidden.tokens.device());
      args.rows = index.data_ptr<int64_t>();
      kernels::row_copy_cuda(args, current_stream(hidden.tokens.device()));
    } else {
      args.rows = positions.data();
      kernels::row_copy_cpu(args);
    }
    args.tensor_count = 0;
  };
  for (at::Tensor* tensor : distinct_tensors(hidden)) {
    if (args.tensor_count == kernels::kMaxRowCopyTensors) {
      launch();
    }
    args.tensors[args.tensor_count++] = {tensor->data_ptr(), tensor->data_ptr(),
                                         static_cast<int64_t>(tensor->nbytes()) / rows};
  }
  launch();
  for (at::Tensor* tensor : all_tensors(hidden)) {
    *tensor = tensor->narrow(0, 0, count);
  }
  std::vector<double> t;
  for (const int64_t position : positions) {
    t.push_back(hidden.t[static_cast<size_t>(position)]);
  }
  hidden.t = std::move(t);
}

config::ParamSpec compaction_param() {
  return {.name = "compaction",
          .type = config::ParamType::kString,
          .default_value = "measured",
          .description = "move rows together after exits: where measured times say that it pays, always, or never",
          .choices = {"measured", "always", "never"}};
}

Compaction compaction_of(const std::string& value) {
  return value == "measured" ? Compaction::kMeasured : value == "always" ? Compaction::kAlways : Compaction::kNever;
}

}  // namespace diffbench::exits
