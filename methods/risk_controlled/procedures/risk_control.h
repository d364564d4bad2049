#pragma once
// Chooses the most eager exit threshold whose risk (expected loss) stays under epsilon, from a table of losses on
// calibration units. Source: Fast yet Safe, arXiv 2405.20915, and the papers named in `procedures()`.
//
//   Target target{.epsilon = 0.05, .delta = 0.1, .bound = 1.0};
//   Calibration result = calibrate(read_loss_table("losses.npz"), procedure_named("ltt_hb"), target);
//   if (result.index) { use(result.candidates[*result.index].threshold); }
//
// The guarantee is about units like the calibration units: independent draws of the same distribution. Nothing chosen
// (no index) means that not even the most cautious threshold qualifies: run the full network.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "methods/risk_controlled/procedures/loss_table.h"
#include "methods/risk_controlled/procedures/monotonicity.h"

namespace diffbench::risk_control {

struct Target {
  double epsilon = 0.05;  // the risk allowed; in (0, bound)
  double delta = 0.1;     // the chance of exceeding it that is allowed, where the procedure speaks of one; in (0, 1)
  double bound = 1.0;     // losses lie in [-bound, bound]
};

// what the number in the column `bound` is
enum class BoundKind { level_of_mean, upper_bound, p_value };

struct Verdict {
  double bound = 0.0;
  bool passes = false;
};

struct Procedure {
  const char* name;
  const char* summary;
  const char* source;
  const char* guarantee;
  bool needs_monotone;  // the source assumes that the risk rises from column to column
  bool in_sequence;     // a threshold is certified only if every more cautious one is
  BoundKind bound_kind;
  Verdict (*test)(std::span<const double> losses, const Target& target);  // of one column
};

// naive, crc, ucb_wsr, ltt_hb: the only place that knows them
std::span<const Procedure> procedures();
// InputError naming the nearest one if there is none of this name
const Procedure& procedure_named(const std::string& name);

struct Candidate {
  double threshold = 0.0;
  double risk = 0.0;       // mean loss
  double bound = 0.0;      // what `bound_kind` says: a p-value, or in the units of the losses
  bool certified = false;  // may be used; the last such candidate is the answer
};

struct Calibration {
  const Procedure* procedure = nullptr;
  Target target;
  size_t units = 0;
  std::vector<Candidate> candidates;  // [L], as in the table
  std::optional<size_t> index;        // the answer: the last certified candidate
  Monotonicity monotonicity;

  // the procedure assumes a rising risk and the table contradicts it: ltt_hb does not need it
  bool should_use_ltt() const { return procedure->needs_monotone && monotonicity.violated(); }
};

// InputError of one line that names the flag at fault
void check(const Target& target);

// InputError of one line: a bad target (naming the flag), or a table that fails check()
Calibration calibrate(const LossTable& table, const Procedure& procedure, const Target& target);

}  // namespace diffbench::risk_control
