// A method for install_test.py: `full`, and a pause of SLEEPER_US microseconds after each evaluation.
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "methods/plugin/plugin.h"
#include "methods/registry.h"

namespace sleeper {

using namespace diffbench;

class Sleeper : public Denoiser {
 public:
  explicit Sleeper(std::unique_ptr<Denoiser> network) : network_(std::move(network)) {}

  void begin(const std::vector<int64_t>& samples) override { network_->begin(samples); }
  void end(const std::vector<int64_t>& samples) override { network_->end(samples); }
  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    auto eps = network_->predict(batch, trace);
    if (const char* pause = std::getenv("SLEEPER_US"))
      std::this_thread::sleep_for(std::chrono::microseconds(std::stoi(pause)));
    return eps;
  }

 private:
  std::unique_ptr<Denoiser> network_;
};

methods::MethodEntry entry() {
  return {.name = "sleeper",
          .summary = "full, with pauses",
          .source = "a test",
          .needs = "nothing",
          .params = {},
          .make = [](const nlohmann::json&, const methods::MethodContext& context) -> std::unique_ptr<Denoiser> {
            return std::make_unique<Sleeper>(methods::make_method("full", nlohmann::json::object(), context));
          },
          .never_skip = [](nlohmann::json params, const Model&) { return std::optional(std::move(params)); }};
}

}  // namespace sleeper

DIFFBENCH_PLUGIN(sleeper::entry)
