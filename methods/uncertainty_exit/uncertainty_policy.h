#pragma once
// Leaves where the gates say that the error of leaving is small: u < threshold, decided row by row or for the batch.
//
//   UncertaintyPolicy policy(std::move(gates), blocks, {.threshold = 0.1, .granularity = Granularity::kRow});
//
// The gates are asked once per asked block. The host reads one number per row and asked block; with
// `reads = kPreviousEvaluation` it reads once per evaluation, before the first block, and rows leave where the
// evaluation before would have let them.

#include <map>
#include <memory>

#include "methods/exits/exit_policy.h"
#include "methods/uncertainty_exit/exit_gates.h"

namespace diffbench::methods::uncertainty_exit {

// who leaves where the gates of several rows differ
enum class Granularity {
  kRow,        // each row by its own u
  kBatchMean,  // all, when the mean of u is below the threshold (AdaDiff's public code)
  kBatchAll,   // all, when every row would
  kBatchAny    // all, when one row would
};

enum class Reads { kEveryBlock, kPreviousEvaluation };

struct UncertaintySettings {
  double threshold = 0.1;
  Granularity granularity = Granularity::kRow;
  int first_exit = 1;     // blocks that always run
  int probe_every = 1;    // asked after blocks first_exit, first_exit + probe_every, ...
  int patience = 1;       // hits, not necessarily in a row, that an exit takes; AdaDiff's public code asks for 2 ...
  int patient_until = 0;  // ... among the first blocks, up to this one; from there on 1. 0: patience counts everywhere
  Reads reads = Reads::kEveryBlock;
};

class UncertaintyPolicy : public exits::ExitPolicy {
 public:
  // blocks: of the network
  UncertaintyPolicy(std::unique_ptr<ExitGates> gates, int blocks, const UncertaintySettings& settings);

  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override;
  void prepare_times(const std::vector<double>& times) override { gates_->prepare_times(times); }
  void begin_evaluation(const Batch& batch) override;
  bool asks_after(int block) const override;
  exits::RowMask decide(int block, const backbones::Hidden& hidden, const exits::Rows& rows) override;
  double probe_flops(int) const override { return gates_->flops(); }
  void left(int block, const exits::Rows& rows) override;
  at::Tensor head(backbones::Backbone& backbone, int block, const backbones::Hidden& leavers) override;

 private:
  exits::RowMask decide_from(const at::Tensor& u, int block, const exits::Rows& rows);
  int hits_needed(int block) const;
  void read_observations();

  std::unique_ptr<ExitGates> gates_;
  UncertaintySettings settings_;
  int blocks_;
  std::vector<int> hits_;        // [batch]
  std::vector<bool> wants_out_;  // [batch] its last hit was enough; it stays so until all whom it waits for are ready
  // reads = kPreviousEvaluation
  struct Observation {
    int block;
    exits::Rows rows;
    at::Tensor u;  // [rows] on the device
  };
  std::map<Member, int> next_depth_;   // blocks to run at a row's next evaluation; unknown: all
  std::vector<int> planned_;           // [batch] blocks to run in this evaluation
  std::vector<Member> members_;        // [batch] of the evaluation that was observed last,
  std::vector<int> went_;              // [batch] the blocks that it ran,
  std::vector<Observation> observed_;  // and what the gates said in it, in order
};

}  // namespace diffbench::methods::uncertainty_exit
