// Prices the harness: everything but a network.
#include "methods/method.h"

namespace diffbench::methods::null {
namespace {

class NullDenoiser : public Denoiser {
 public:
  at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor&,
                     EvaluationTrace& trace) override {
    trace.t = t.front();
    trace.rows += static_cast<int64_t>(t.size());
    trace.exit_count.resize(1);
    trace.exit_count[0] += static_cast<int64_t>(t.size());
    return x;
  }
};

}  // namespace

MethodEntry entry() {
  return {
      .name = "null",
      .summary = "returns its input: what solver, noise and harness cost without a network",
      .source = "MLPerf LoadGen's null system under test",
      .needs = "nothing",
      .params = {},
      .make = [](const nlohmann::json&, const MethodContext&) { return std::make_unique<NullDenoiser>(); },
      .never_skip = [](const nlohmann::json&, const Model&) { return std::optional<nlohmann::json>(); },
  };
}

}  // namespace diffbench::methods::null
