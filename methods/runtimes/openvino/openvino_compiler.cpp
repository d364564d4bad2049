#include "methods/runtimes/openvino/openvino_compiler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <openvino/openvino.hpp>

#include "methods/runtimes/openvino/stretch_model.h"

namespace diffbench::runtimes {
namespace {

using backbones::BlockParts;
using backbones::Hidden;

class OpenVinoStretch final : public CompiledStretch {
 public:
  OpenVinoStretch(const StretchModel& stretch, ov::element::Type type, ov::CompiledModel compiled)
      : reads_condition_(stretch.reads_condition),
        takes_(stretch.takes),
        keeps_(stretch.keeps),
        type_(type),
        compiled_(std::move(compiled)),
        request_(compiled_.create_infer_request()) {}

  void run(Hidden& hidden) override {
    std::vector<at::Tensor> held;  // contiguous, until it has run
    const auto input = [&](const at::Tensor& tensor) {
      held.push_back(tensor.contiguous());
      request_.set_input_tensor(held.size() - 1, over(held.back()));
    };
    input(hidden.tokens);
    if (reads_condition_) input(hidden.condition);
    for (size_t i = 0; i < takes_; ++i) {
      input(hidden.skips.back());
      hidden.skips.pop_back();
    }
    std::vector<at::Tensor> outputs;
    for (size_t i = 0; i < 1 + keeps_; ++i) {
      outputs.push_back(at::empty_like(held.front()));
      request_.set_output_tensor(i, over(outputs.back()));
    }
    request_.infer();
    hidden.tokens = outputs.front();
    hidden.skips.insert(hidden.skips.end(), outputs.begin() + 1, outputs.end());
  }

 private:
  // LibTorch's memory, as it is
  ov::Tensor over(const at::Tensor& tensor) const {
    return {type_, ov::Shape(tensor.sizes().begin(), tensor.sizes().end()), tensor.data_ptr()};
  }

  bool reads_condition_;
  size_t takes_;
  size_t keeps_;
  ov::element::Type type_;
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

class OpenVinoCompiler final : public Compiler {
 public:
  explicit OpenVinoCompiler(const OpenVinoSettings& settings)
      : type_(settings.bf16 ? ov::element::bf16 : ov::element::f32),
        properties_{ov::hint::inference_precision(type_),
                    ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                    ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY),
                    ov::num_streams(1),
                    ov::inference_num_threads(settings.threads),
                    ov::hint::enable_cpu_pinning(false)} {}  // ranks share the machine: who runs where is not ours

  static bool can(const OpenVinoSettings& settings) {
    const auto able = core().get_property("CPU", ov::device::capabilities);
    return !settings.bf16 || std::find(able.begin(), able.end(), ov::device::capability::BF16) != able.end();
  }

  std::unique_ptr<CompiledStretch> compile(const std::vector<BlockParts>& blocks, int64_t rows) override {
    return compiled(build_stretch_model(blocks, type_, rows));
  }
  std::unique_ptr<CompiledStretch> compile_branch(const BlockParts& block, backbones::Branch branch,
                                                  int64_t rows) override {
    return compiled(build_branch_model(block, branch, type_, rows));
  }

  // shapes that are known are planned once: at one row it is a quarter faster
  bool prefers_known_rows() const override { return true; }

 private:
  std::unique_ptr<CompiledStretch> compiled(const StretchModel& stretch) const {
    return std::make_unique<OpenVinoStretch>(stretch, type_, core().compile_model(stretch.model, "CPU", properties_));
  }
  static ov::Core& core() {
    static ov::Core shared;
    return shared;
  }

  ov::element::Type type_;
  ov::AnyMap properties_;
};

}  // namespace
}  // namespace diffbench::runtimes

diffbench::runtimes::Compiler* diffbench_openvino_compiler(const diffbench::runtimes::OpenVinoSettings& settings) {
  using diffbench::runtimes::OpenVinoCompiler;
  if (!OpenVinoCompiler::can(settings)) return nullptr;
  return new OpenVinoCompiler(settings);  // NOLINT(cppcoreguidelines-owning-memory): across dlopen
}
