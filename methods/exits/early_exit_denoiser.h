#pragma once
// The one engine that really exits: runs blocks over the rows still inside, compacts them (pending long skips included)
// when some leave and moving pays, applies the head to leavers once, and scatters the outputs back. A block that no row
// needs is never launched.
//
//   EarlyExitDenoiser denoiser(backbone, std::make_unique<FixedExit>(3));
//
// Works under autograd too: training a static schedule runs only the blocks each row needs.

#include <memory>
#include <nlohmann/json.hpp>

#include "methods/exits/compaction.h"
#include "methods/exits/exit_policy.h"
#include "methods/sampling/denoiser.h"

namespace diffbench::exits {

// one evaluation; adds what was executed to `trace`. With coupled_halves, rows i and i + B/2 leave where both would.
at::Tensor run_with_exits(backbones::Backbone& backbone, ExitPolicy& policy, const CompactionRule& compaction,
                          const Batch& batch, EvaluationTrace& trace, bool coupled_halves = false);

class EarlyExitDenoiser : public Denoiser {
 public:
  EarlyExitDenoiser(std::shared_ptr<backbones::Backbone> backbone, std::unique_ptr<ExitPolicy> policy,
                    Compaction compaction = Compaction::kAlways)
      : backbone_(std::move(backbone)), policy_(std::move(policy)), compaction_(compaction) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override;
  void begin(const std::vector<int64_t>& samples) override { policy_->begin(samples); }
  void end(const std::vector<int64_t>& samples) override { policy_->end(samples); }
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    return run_with_exits(*backbone_, *policy_, compaction_, batch, trace, coupled_halves_);
  }

 private:
  std::shared_ptr<backbones::Backbone> backbone_;
  std::unique_ptr<ExitPolicy> policy_;
  CompactionRule compaction_;
  bool coupled_halves_ = false;
};

}  // namespace diffbench::exits
