#pragma once
// A cell made ready to run: model, method, solver plan. One repetition or one batch of samples at a time.
//
//   ModelCache models(device);
//   CellRunner runner(cell, suite, models);
//   Batch batch = runner.run({0, 1, 2, 3});      // samples 0 .. 3, their trace, and how long it took
//
// The same samples come out whatever the batch, rank or order. Not thread-safe.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/suite/plan.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"

namespace diffbench::measure {

// every model is loaded once per precision
class ModelCache {
 public:
  explicit ModelCache(std::string device) : device_(std::move(device)) {}
  std::shared_ptr<Model> get(const std::string& name, const std::string& precision);

 private:
  std::string device_;
  std::map<std::string, std::shared_ptr<Model>> models_;
};

struct Batch {
  at::Tensor samples;  // [B,C,H,W] on the device, in the model's range
  Trace trace;
  int64_t duration_ns = 0;  // noise, solver and network, until the device is done
};

class CellRunner {
 public:
  CellRunner(const suite::Cell& cell, const suite::Suite& suite, ModelCache& models);

  Batch run(const std::vector<int64_t>& samples);
  // the same samples by `full` and by this method at its never-skip setting: the largest absolute difference; 0 for a
  // method that has no such setting
  double never_skip_difference(const std::vector<int64_t>& samples);

  const Model& model() const { return *model_; }
  const solvers::Plan& plan() const { return sampler_->plan(); }
  double flops_full() const;  // of one sample's whole trajectory through every block

 private:
  at::Tensor sample(Denoiser& denoiser, const std::vector<int64_t>& samples, Trace& trace) const;
  std::unique_ptr<Denoiser> make(const std::string& method, const nlohmann::json& params) const;

  suite::Cell cell_;
  uint64_t seed_;
  Guidance guidance_;
  std::string where_;
  ModelCache& models_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Denoiser> denoiser_;
};

}  // namespace diffbench::measure
