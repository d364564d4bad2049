#include "methods/risk_controlled/procedures/risk_control.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/risk_controlled/procedures/bounds.h"

namespace diffbench::risk_control {
namespace {

std::vector<double> scaled(std::span<const double> losses, double bound, double lowest) {
  std::vector<double> result(losses.size());
  std::transform(losses.begin(), losses.end(), result.begin(),
                 [=](double loss) { return std::max(loss / bound, lowest); });
  return result;
}

Verdict test_naive(std::span<const double> losses, const Target& target) {
  return {target.epsilon, mean(losses) < target.epsilon};
}

Verdict test_crc(std::span<const double> losses, const Target& target) {
  const double count = static_cast<double>(losses.size());
  const double level = ((count + 1.0) * target.epsilon - target.bound) / count;
  return {level, mean(losses) <= level};
}

Verdict test_ucb_wsr(std::span<const double> losses, const Target& target) {
  const double upper = target.bound * wsr_upper_bound(scaled(losses, target.bound, -1.0), target.delta);
  return {upper, upper < target.epsilon};
}

Verdict test_ltt_hb(std::span<const double> losses, const Target& target) {
  // the p-value holds for losses in [0, 1]; raising the negative ones to 0 can only raise the risk
  const double p_value = hoeffding_bentkus_p_value(scaled(losses, target.bound, 0.0), target.epsilon / target.bound);
  return {p_value, p_value <= target.delta};
}

constexpr Procedure kProcedures[] = {
    {"naive", "the mean loss itself under epsilon", "arXiv 2405.20915 (its baseline)", "none", false, false,
     BoundKind::level_of_mean, test_naive},
    {"crc", "conformal risk control: the mean loss with a correction for n", "arXiv 2208.02814",
     "expected risk <= epsilon, over calibration sets", true, false, BoundKind::level_of_mean, test_crc},
    {"ucb_wsr", "upper confidence bound by betting (Waudby-Smith and Ramdas)", "arXiv 2101.02703, 2010.09686",
     "risk <= epsilon with probability >= 1 - delta", true, true, BoundKind::upper_bound, test_ucb_wsr},
    {"ltt_hb", "learn then test: fixed sequence of Hoeffding-Bentkus p-values", "arXiv 2110.01052",
     "risk <= epsilon with probability >= 1 - delta", false, true, BoundKind::p_value, test_ltt_hb},
};

}  // namespace

void check(const Target& target) {
  if (!(target.bound > 0.0 && std::isfinite(target.bound))) {
    throw config::InputError(fmt::format("--bound {}: must be positive and finite", target.bound));
  }
  if (!(target.epsilon > 0.0 && target.epsilon < target.bound)) {
    throw config::InputError(
        fmt::format("--epsilon {}: must lie between 0 and the bound {}, both excluded", target.epsilon, target.bound));
  }
  if (!(target.delta > 0.0 && target.delta < 1.0)) {
    throw config::InputError(fmt::format("--delta {}: must lie between 0 and 1, both excluded", target.delta));
  }
}

std::span<const Procedure> procedures() { return kProcedures; }

const Procedure& procedure_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Procedure& procedure : kProcedures) {
    if (name == procedure.name) {
      return procedure;
    }
    names.emplace_back(procedure.name);
  }
  throw config::InputError("--procedure: " + config::unknown_name("procedure", name, names));
}

Calibration calibrate(const LossTable& table, const Procedure& procedure, const Target& target) {
  check(target);
  check(table, target.bound);
  Calibration result{&procedure, target, table.units, {}, std::nullopt, check_monotonicity(table)};
  bool all_before_passed = true;
  for (size_t k = 0; k < table.thresholds.size(); ++k) {
    const std::vector<double> losses = table.column(k);
    const Verdict verdict = procedure.test(losses, target);
    all_before_passed = all_before_passed && verdict.passes;
    const bool certified = procedure.in_sequence ? all_before_passed : verdict.passes;
    result.candidates.push_back({table.thresholds[k], mean(losses), verdict.bound, certified});
    if (certified) {
      result.index = k;
    }
  }
  return result;
}

}  // namespace diffbench::risk_control
