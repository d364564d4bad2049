#pragma once
// The real Runner: model, method, solver plan and decoder of a cell.
//
//   ModelCache models("cuda:1");
//   CellRunner runner(cell, suite, models);
//   runner.prepare(64, nullptr);
//   Batch batch = runner.run({0, 1, 2, 3});

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/measure/runner.h"
#include "harness/suite/plan.h"
#include "methods/model/decode.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::measure {

// every model is loaded once per precision and runtime
class ModelCache {
 public:
  explicit ModelCache(std::string device) : device_(std::move(device)) {}
  // runtimes::RuntimeMissing where it cannot run there
  std::shared_ptr<Model> get(const std::string& name, const std::string& precision, const std::string& runtime,
                             const config::GivenAt& at);

 private:
  std::string device_;
  std::map<std::string, std::shared_ptr<Model>> models_;
};

class CellRunner : public Runner {
 public:
  // InputError for a mistake in the cell's parameters, models or files
  CellRunner(const suite::Cell& cell, const suite::Suite& suite, ModelCache& models);

  const CellFacts& facts() const override { return facts_; }
  const Model& model() const override { return *model_; }
  nlohmann::json prepare(int64_t rows, const nlohmann::json& decisions) override;
  Batch run(const std::vector<int64_t>& samples) override;
  int64_t peak_device_bytes() const override;
  std::string fault(double tolerance) override;

  const solvers::Plan& plan() const { return sampler_->plan(); }

 private:
  using Record = std::function<void(const FileRecord& file)>;

  at::Tensor sample(Denoiser& denoiser, const std::vector<int64_t>& samples, Trace& trace) const;
  methods::MethodContext context(const Record& record);
  std::unique_ptr<Denoiser> make(const std::string& method, const nlohmann::json& params, const Record& record);
  double never_skip_difference(const std::vector<int64_t>& samples);
  std::shared_ptr<Model> load(const std::string& name, const config::GivenAt& at);
  void find_facts(const solvers::PlanRequest& request);

  suite::Cell cell_;
  uint64_t seed_;
  Guidance guidance_;
  config::GivenAt at_;  // the method
  ModelCache& models_;
  CellFacts facts_;
  std::shared_ptr<Model> model_;
  Decoder decoder_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Denoiser> denoiser_;
  nlohmann::json decisions_;
  int64_t prepared_rows_ = 0;
};

}  // namespace diffbench::measure
