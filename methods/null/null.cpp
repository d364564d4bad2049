// Prices the harness: everything but a network.
#include <ATen/ATen.h>

#include "methods/method.h"

namespace diffbench::methods::null {
namespace {

class NullDenoiser : public Denoiser {
 public:
  explicit NullDenoiser(bool learned_sigma) : learned_sigma_(learned_sigma) {}

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    const auto rows = static_cast<int64_t>(batch.t.size());
    trace.t = batch.t.front();
    trace.rows += rows;
    trace.exit_count.resize(1);
    trace.exit_count[0] += rows;
    return learned_sigma_ ? at::cat({batch.x, at::zeros_like(batch.x)}, 1) : batch.x;
  }

 private:
  bool learned_sigma_;
};

}  // namespace

MethodEntry entry() {
  return {
      .name = "null",
      .summary = "returns its input: what solver, noise and harness cost without a network",
      .source = "MLPerf LoadGen's null system under test",
      .needs = "nothing",
      .alone = "it has no network",
      .params = {},
      .make =
          [](const nlohmann::json&, const MethodContext& context) {
            return std::make_unique<NullDenoiser>(context.model->network.learned_sigma);
          },
      .never_skip = [](const nlohmann::json&, const Model&) { return std::optional<nlohmann::json>(); },
  };
}

}  // namespace diffbench::methods::null
