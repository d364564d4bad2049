#pragma once
// Methods that keep something from evaluation to evaluation, on a tiny network and a few inputs in turn.
//
//   const auto runs = evaluate("block_cache", {{"interval", 2}}, 3);
//   runs.eps[1]; runs.launches[1]; runs.traces[1];

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench::testing_models {

class CachedMethod : public ::testing::Test {
 protected:
  struct Runs {
    std::vector<at::Tensor> eps;
    std::vector<int> launches;  // attention operators that LibTorch dispatched: one per block that really ran
    Trace traces;
  };

  CachedMethod() : files_({.depth = 4}), model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {
    at::manual_seed(3);
    labels_ = at::arange(3, at::TensorOptions(at::kLong));
    const auto start = at::randn({3, 1, 8, 8});
    for (int i = 0; i < 4; ++i) {
      x_.push_back(start + 0.3 * at::randn_like(start));
      EvaluationTrace trace;
      const c10::InferenceMode inference;
      full_.push_back(
          make("full", nlohmann::json::object())->predict(batch(x_.size() - 1, times(x_.size() - 1)), trace));
    }
  }

  std::unique_ptr<Denoiser> make(const std::string& method, const nlohmann::json& params) {
    return methods::make_method(method, params, {.model = model_, .load = {}, .where = "test"});
  }

  static std::vector<double> times(size_t evaluation) {
    return std::vector<double>(3, 500.0 - 100.0 * static_cast<double>(evaluation));
  }

  static void prepare(Denoiser& denoiser, size_t evaluations) {
    PrepareRequest request{.rows = 3, .times = {}};
    for (size_t i = 0; i < evaluations; ++i) request.times.push_back(times(i).front());
    denoiser.prepare(request, nullptr);
  }

  Batch batch(size_t input, const std::vector<double>& t) const { return {x_[input], t, labels_, numbered_members(3)}; }

  Runs evaluate(const std::string& method, const nlohmann::json& params, size_t count) {
    const c10::InferenceMode inference;
    const auto denoiser = make(method, params);
    prepare(*denoiser, count);
    denoiser->begin({0, 1, 2});
    Runs runs;
    for (size_t i = 0; i < count; ++i) {
      const size_t input = same_input_ ? 0 : i;
      static int launches;
      launches = 0;
      const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& call) {
        launches += std::string_view(call.name()) == "aten::scaled_dot_product_attention" ? 1 : 0;
        return std::unique_ptr<at::ObserverContext>();
      }));
      runs.eps.push_back(denoiser->predict(batch(input, times(input)), runs.traces.emplace_back()));
      at::removeCallback(handle);
      runs.launches.push_back(launches);
    }
    if (same_input_) {
      full_.assign(full_.size(), full_[0]);
    }
    return runs;
  }

  static double distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

  TemporaryModel files_;
  std::shared_ptr<Model> model_;
  at::Tensor labels_;
  std::vector<at::Tensor> x_;
  std::vector<at::Tensor> full_;  // of each input
  bool same_input_ = false;
};

}  // namespace diffbench::testing_models
