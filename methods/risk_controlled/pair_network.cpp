#include "methods/risk_controlled/pair_network.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <vector>

#include "methods/config/input_error.h"

namespace diffbench::methods::risk_controlled {
namespace {

constexpr int64_t kBatch = 64;

}  // namespace

PairNetwork::PairNetwork(const std::filesystem::path& file, at::Device device, const std::string& where)
    : named_(where + (where.starts_with("--") ? " " : ": ") + file.string()), device_(device) {
  if (!std::filesystem::is_regular_file(file)) {
    throw config::InputError(named_ + ": no such file");
  }
  try {
    module_ = std::make_shared<torch::jit::Module>(torch::jit::load(file.string(), device));
    module_->eval();
  } catch (const std::exception&) {  // its messages are pages
    throw config::InputError(named_ + ": cannot be loaded as TorchScript");
  }
}

at::Tensor PairNetwork::operator()(const at::Tensor& a, const at::Tensor& b) const {
  const at::NoGradGuard no_grad;
  // as in quality/extractor.cpp: the optimising executor changes last digits after its first calls
  const torch::jit::GraphOptimizerEnabledGuard interpret_as_written(false);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < a.size(0); first += kBatch) {
    const int64_t rows = std::min(kBatch, a.size(0) - first);
    const auto part_of = [&](const at::Tensor& images) {
      return images.narrow(0, first, rows).to(device_, at::kFloat).contiguous();
    };
    at::Tensor out;
    try {
      out = module_->forward({part_of(a), part_of(b)}).toTensor();
    } catch (const std::exception&) {
      throw config::InputError(named_ + ": forward(a, b) of two " + c10::str(part_of(a).sizes()) + " gives no tensor");
    }
    if (out.numel() != rows) {
      throw config::InputError(named_ + ": forward(a, b) gives " + c10::str(out.sizes()) + " of two " +
                               c10::str(part_of(a).sizes()) + ", expected one number a pair");
    }
    parts.push_back(out.reshape({rows}).to(at::kCPU, at::kDouble));
  }
  auto distances = at::cat(parts);
  if (!distances.ge(0.0).logical_and(distances.isfinite()).all().item<bool>()) {
    throw config::InputError(named_ + ": a distance is negative or not finite");
  }
  return distances;
}

}  // namespace diffbench::methods::risk_controlled
