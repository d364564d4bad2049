#pragma once
// The one engine of methods that reuse what a stretch of blocks added: the first `front` and the last `back` blocks run
// for every row, those between only for rows that a rule does not let reuse.
//
//   StretchCache denoiser(backbone, {.front = 1}, std::make_unique<MyRule>(...));
//
// Each row decides by itself and only those that compute pass through the blocks between. A row of which nothing is
// kept computes; under joint guidance a sample's halves reuse where both would.

#include <memory>

#include "methods/backbones/backbone.h"
#include "methods/caches/timetable.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::caches {

// what a rule sees of an evaluation, after the first blocks
struct Seen {
  const Batch& batch;
  const at::Tensor& change;  // [B, L, D] what the first blocks did; undefined where none ran
  const backbones::Hidden& hidden;
  backbones::Backbone& backbone;
  const Timetable& times;
};

class ReuseRule {
 public:
  virtual ~ReuseRule() = default;
  // once an evaluation, for all of its rows [B]
  virtual std::vector<bool> wants_reuse(const Seen& seen) = 0;
  // what came of it [B]: rows that computed although the rule wanted otherwise are among them
  virtual void decided(const Seen& seen, const std::vector<bool>& reused) = 0;
  virtual void forget(const std::vector<int64_t>& samples) = 0;
  // FLOPs per row that the question costs
  virtual double probe_flops(const backbones::Backbone&) const { return 0.0; }
};

struct StretchEnds {
  int front = 0;  // blocks that run before the question
  int back = 0;   // blocks that run after the stretch
};

// why the network cannot be cut there; empty: it can
std::string obstacle(const backbones::Backbone& backbone, StretchEnds ends);

class StretchCache : public Denoiser {
 public:
  // the ends as obstacle() allows them
  StretchCache(std::shared_ptr<backbones::Backbone> backbone, StretchEnds ends, std::unique_ptr<ReuseRule> rule);

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override;
  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override;
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }
  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override;

 private:
  // `computing` rows run the stretch and are remembered, the others take what it did last
  void run_stretch(const Batch& batch, const std::vector<int64_t>& computing, backbones::Hidden& hidden);

  std::shared_ptr<backbones::Backbone> backbone_;
  int first_;  // of the stretch
  int end_;
  size_t pending_skips_;  // at the stretch's end
  std::unique_ptr<ReuseRule> rule_;
  Timetable times_;
  bool coupled_halves_ = false;
  RowMemory memory_;  // what the stretch did, [rows, L, D]
};

// |now - before| over |before|, each the mean of its absolute values over a row, or over all rows; [B] on the host.
// Infinity for rows that the memory does not know.
std::vector<double> change_since(RowMemory& memory, const std::vector<Member>& members, const at::Tensor& now,
                                 bool by_row = true);

// rows of `tensor` into what is kept of them
void keep_rows(RowMemory& memory, const std::vector<Member>& members, const std::vector<int64_t>& rows,
               const at::Tensor& tensor);

// the rows for which `reused` does not hold
std::vector<int64_t> computing_rows(const std::vector<bool>& reused);

}  // namespace diffbench::caches
