#include "methods/sampling/plan_executor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>

#include "kernels/linear_combination/linear_combination.h"
#include "methods/model/kernel_stream.h"
#include "profiling/scope.h"

namespace diffbench {
namespace {

using Updates = std::vector<const std::vector<solvers::Assignment>*>;

bool all_equal(const Updates& updates) {
  return std::all_of(updates.begin(), updates.end(), [&](const auto* row) { return row == updates.front(); });
}

// the registers that are written and the sources that are read, over all rows
struct Layout {
  std::vector<int> targets;
  std::vector<int> sources;

  explicit Layout(const Updates& updates) {
    const bool mixed = !all_equal(updates);
    for (size_t row = 0; row < (mixed ? updates.size() : 1); ++row) {
      for (const auto& update : *updates[row]) {
        add(targets, update.target);
        if (mixed) {
          add(sources, update.target);  // a row that does not write it keeps it
        }
        for (const auto& term : update.terms) {
          add(sources, term.source);
        }
      }
    }
    if (sources.empty() && !targets.empty()) {
      sources.push_back(targets.front());  // everything becomes zero; the kernel wants a source, and reads none
    }
  }

  static void add(std::vector<int>& list, int value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) {
      list.push_back(value);
    }
  }

  // one row's table [targets][sources]
  void write_table(const std::vector<solvers::Assignment>& row, double* table) const {
    for (size_t o = 0; o < targets.size(); ++o) {
      double* coefficients = table + o * sources.size();
      const auto update =
          std::find_if(row.begin(), row.end(), [&](const auto& one) { return one.target == targets[o]; });
      for (size_t k = 0; k < sources.size(); ++k) {
        coefficients[k] = update == row.end() && sources[k] == targets[o] ? 1.0 : 0.0;
      }
      if (update == row.end()) {
        continue;
      }
      for (const auto& term : update->terms) {
        coefficients[std::find(sources.begin(), sources.end(), term.source) - sources.begin()] = term.coefficient;
      }
    }
  }
};

const at::Tensor& tensor_of(int source, const std::vector<at::Tensor>& registers, const PlanSources& sources) {
  switch (source) {
    case solvers::kEps:
      return sources.eps;
    case solvers::kNoise:
      return sources.noise;
    case solvers::kUnclippedEps:
      return sources.unclipped_eps;
    default:
      return registers[static_cast<size_t>(source)];
  }
}

template <typename T>
void launch(std::vector<at::Tensor>& registers, const Layout& layout, const std::vector<double>& host_table,
            int64_t row_stride, const PlanSources& sources) {
  const auto& state = registers.front();
  std::vector<at::Tensor> alive;  // what the kernel reads must outlive the call's arguments
  kernels::LinearCombinationArgs<T> args{};
  for (const int source : layout.sources) {
    alive.push_back(tensor_of(source, registers, sources).contiguous());
    args.sources[args.source_count++] = alive.back().data_ptr<T>();
  }
  for (const int target : layout.targets) {
    args.outputs[args.output_count++] = registers[static_cast<size_t>(target)].data_ptr<T>();
  }
  args.coefficients = host_table.data();
  args.coefficient_row_stride = row_stride;
  args.rows = state.size(0);
  args.row_elements = state.numel() / std::max<int64_t>(1, args.rows);
  const auto values = static_cast<double>(state.numel());
  const double tensors = args.source_count + args.output_count;
  const profiling::Operation operation(
      "diffbench::linear_combination",
      {.flops = 2.0 * values * args.source_count * args.output_count, .moved_bytes = values * tensors * sizeof(T)});
  if (!state.device().is_cuda()) {
    kernels::linear_combination_cpu(args);
    return;
  }
  if (row_stride != 0) {  // tables of single rows live on the device
    alive.push_back(at::tensor(host_table, at::TensorOptions(at::kDouble)).to(state.device()));
    args.coefficients = alive.back().data_ptr<double>();
  }
  kernels::linear_combination_cuda(args, current_stream(state.device()));
}

}  // namespace

void apply_updates(std::vector<at::Tensor>& registers, const Updates& updates, const PlanSources& sources) {
  const Layout layout(updates);
  if (layout.targets.empty() || registers.front().numel() == 0) {
    return;
  }
  const size_t table_size = layout.targets.size() * layout.sources.size();
  const size_t rows = all_equal(updates) ? 1 : updates.size();
  std::vector<double> table(rows * table_size);
  for (size_t row = 0; row < rows; ++row) {
    layout.write_table(*updates[row], table.data() + row * table_size);
  }
  const auto stride = rows == 1 ? 0 : static_cast<int64_t>(table_size);
  if (registers.front().scalar_type() == at::kDouble) {
    launch<double>(registers, layout, table, stride, sources);
  } else {
    launch<float>(registers, layout, table, stride, sources);
  }
}

at::Tensor per_row(const at::Tensor& like, const std::vector<double>& values) {
  const bool equal = std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
  if (equal) {
    return at::scalar_tensor(values.front(), at::TensorOptions(like.scalar_type()));
  }
  return at::tensor(values, at::TensorOptions(like.scalar_type())).view({-1, 1, 1, 1}).to(like.device());
}

at::Tensor clip_eps(const solvers::Clipping& clipping, const at::Tensor& state, const at::Tensor& eps,
                    const std::vector<const solvers::Evaluation*>& evaluations) {
  std::vector<double> alphas;
  std::vector<double> sigmas;
  for (const auto* evaluation : evaluations) {
    alphas.push_back(evaluation->alpha);
    sigmas.push_back(evaluation->sigma);
  }
  const auto alpha = per_row(state, alphas);
  const auto sigma = per_row(state, sigmas);
  auto data = (state - sigma * eps) / alpha;
  if (clipping.kind == solvers::Clipping::Kind::kClip) {
    data.clamp_(-clipping.range, clipping.range);
  } else {
    const auto limit =
        at::quantile(data.flatten(1).abs(), clipping.quantile, 1).clamp(1.0, clipping.max_value).view({-1, 1, 1, 1});
    data = data.clamp(-limit, limit) / limit;
  }
  return (state - alpha * data) / sigma;
}

at::Tensor scale_by_learned_variance(const at::Tensor& noise, const at::Tensor& v,
                                     const std::vector<const solvers::Evaluation*>& evaluations) {
  std::vector<double> smallest;
  std::vector<double> spans;
  for (const auto* evaluation : evaluations) {
    const auto range = evaluation->learned_variance.value_or(solvers::LogVarianceRange{});
    smallest.push_back(range.min_log);
    spans.push_back(range.max_log - range.min_log);
  }
  const auto fraction = (v + 1.0) * 0.5;
  return noise * ((fraction * per_row(v, spans) + per_row(v, smallest)) * 0.5).exp();
}

}  // namespace diffbench
