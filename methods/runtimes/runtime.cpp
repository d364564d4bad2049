#include "methods/runtimes/runtime.h"

#include <algorithm>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/model/model.h"
#include "methods/runtimes/compiled_backbone.h"
#include "methods/runtimes/fused/fused.h"
#include "methods/runtimes/openvino/load_openvino.h"

namespace diffbench::runtimes {
namespace {

std::string nothing(const std::string&) { return {}; }

const RuntimeEntry kTable[] = {
    {.name = "eager",
     .summary = "LibTorch, operator by operator",
     .missing = nothing,
     .precisions = {"fp64", "fp32", "bf16", "fp16"},
     .make = nullptr},
    {.name = "fused",
     .summary = "LibTorch's oneDNN: weights packed beforehand, bias, gelu and residual sums inside the products (CPU)",
     .missing = fused_missing,
     .precisions = {"fp32", "bf16"},
     .make = make_fused_compiler},
    {.name = "openvino",
     .summary = "stretches of blocks compiled by OpenVINO (CPU)",
     .missing = openvino_missing,
     .precisions = {"fp32", "bf16"},
     .make = make_openvino_compiler},
};

// why the model cannot run on it; empty: it can
std::string obstacle(const RuntimeEntry& entry, const Model& model) {
  const auto& compute = model.compute;
  if (std::find(entry.precisions.begin(), entry.precisions.end(), compute.precision) == entry.precisions.end()) {
    return "it does not compute in " + compute.precision;
  }
  const auto reason = entry.missing(compute.precision);
  if (!reason.empty()) return reason;
  if (!compute.device.is_cpu()) return "it computes on the CPU alone";
  const auto& backbone = *model.network.backbone;
  for (int block = 0; block < backbone.block_count(); ++block) {
    if (!backbone.block_parts(block)) return "the network of '" + model.name + "' is not made of transformer blocks";
  }
  return {};
}

}  // namespace

std::span<const RuntimeEntry> runtime_table() { return kTable; }

std::vector<std::string> runtime_names() {
  std::vector<std::string> names;
  for (const auto& entry : kTable) names.emplace_back(entry.name);
  return names;
}

void use_runtime(Model& model, const std::string& name) {
  const auto entry =
      std::find_if(std::begin(kTable), std::end(kTable), [&](const auto& row) { return name == row.name; });
  if (entry == std::end(kTable)) throw config::InputError(config::unknown_name("runtime", name, runtime_names()));
  if (entry->make == nullptr) return;
  const auto reason = obstacle(*entry, model);
  if (!reason.empty()) throw RuntimeMissing("runtime " + name + ": " + reason);
  model.network.backbone = std::make_shared<CompiledBackbone>(model.network.backbone, entry->make(model.compute));
}

}  // namespace diffbench::runtimes
