#pragma once
// The one engine of methods that keep what attention and MLP of each block gave, and add it again, gated by the current
// time, where they do not run.
//
//   BranchCache denoiser(backbone, std::make_unique<MyRule>(...));
//
// Branches are numbered 2 * block for its attention, 2 * block + 1 for its MLP. Rows at different places of their
// trajectories, or of which different things are kept, run apart; a branch of which nothing is kept runs. Under joint
// guidance a branch that runs for one half of a sample runs for the other.

#include <map>
#include <memory>

#include "methods/backbones/backbone.h"
#include "methods/backbones/block_trace.h"
#include "methods/caches/timetable.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::methods {
struct MethodContext;
}

namespace diffbench::caches {

class BranchRule {
 public:
  virtual ~BranchRule() = default;
  virtual bool runs(double t, const Timetable& times, int64_t branch) const = 0;
  // outputs kept of each branch; 0: every branch always runs
  virtual size_t history() const { return 1; }
  // a branch's output at `place`, from those that were computed at `places`, oldest first, [rows, L, D] each
  virtual at::Tensor forecast(const std::vector<at::Tensor>& kept, const std::vector<int64_t>& places,
                              int64_t place) const;
  // the times to come; InputError where the rule was made for others
  virtual void prepare(const Timetable&) {}
};

class BranchCache : public Denoiser {
 public:
  // a backbone with branches
  BranchCache(std::shared_ptr<backbones::Backbone> backbone, std::unique_ptr<BranchRule> rule)
      : backbone_(std::move(backbone)), rule_(std::move(rule)) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override;
  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override;
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }
  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override;

 private:
  using Places = std::vector<std::vector<int64_t>>;  // by branch: where its kept outputs were computed
  // What rows must share to run together. Of rows that run whole nothing is forecast, so their places may differ: then
  // `place` is 0 and `kept` tells by its lengths alone how many outputs there are.
  struct Plan {
    std::vector<bool> runs;  // by branch
    int64_t place = 0;
    Places kept;

    auto operator<=>(const Plan&) const = default;
  };

  int64_t branches() const { return 2 * backbone_->block_count(); }
  std::vector<Plan> plans_of(const Batch& batch) const;
  // notes that the branches of the plan ran for these rows, where they stand
  void note_places(const Plan& plan, const Batch& batch);
  at::Tensor predict_alike(const Plan& plan, const Batch& batch, EvaluationTrace& trace);

  std::shared_ptr<backbones::Backbone> backbone_;
  std::unique_ptr<BranchRule> rule_;
  Timetable times_;
  bool coupled_halves_ = false;
  RowMemory memory_;  // each branch's kept outputs, oldest first, branch after branch
  std::map<Member, Places> places_;
};

// InputError where the context's network has no branches
std::unique_ptr<Denoiser> make_branch_cache(const methods::MethodContext& context, std::unique_ptr<BranchRule> rule);

}  // namespace diffbench::caches
