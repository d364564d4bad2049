#include "results/compare/evidence.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "results/compare/holm.h"

namespace diffbench::results {
namespace {

std::string format(const char* form, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), form, value);
  return text;
}

VerdictRow not_comparable(const MeasuredCell& cell, std::string_view metric, std::string reason) {
  return {.key = cell.stored.row.key,
          .label = cell.stored.row.method_label,
          .metric = std::string(metric),
          .verdict = Verdict::kNotComparable,
          .reason = std::move(reason)};
}

// why the pair as a whole cannot be compared; empty: it can
std::string fault_of(const Match& match) {
  const auto& [older, newer, older_baseline, newer_baseline, is_paired] = match.pair;
  if (!older) return "only in the new run";
  if (!newer) return "only in the old run";
  const auto not_ok = [](const MeasuredCell& cell) {
    const std::string reason = cell.stored.reason.empty() ? "" : ": " + cell.stored.reason;
    return std::string(to_string(cell.stored.status)) + reason;
  };
  if (newer->stored.status != CellStatus::kOk) return "the new one is not ok: " + not_ok(*newer);
  if (older->stored.status != CellStatus::kOk) return "the old one is not ok: " + not_ok(*older);
  const auto difference = cell_difference(*older, *newer);
  return difference ? in_words(*difference) : "";
}

double scaled_effect(const Judged& one, double value) {
  return one.row.scale == Scale::kRatio ? std::exp(value) : value;
}

// of the logarithm for a ratio
double margin(const Judged& one) {
  return one.row.scale == Scale::kRatio ? std::log1p(one.row.smallest_effect) : one.row.smallest_effect;
}

Verdict direction(const ComparedMetric& metric, bool is_up) {
  const bool is_gain = is_up != metric.lower_is_better;
  if (metric.is_speed) return is_gain ? Verdict::kFaster : Verdict::kSlower;
  return is_gain ? Verdict::kBetter : Verdict::kWorse;
}

// Where the interval shrinks with the root of n: how many rounds more bring it clear of the nearest border.
std::optional<std::int64_t> rounds_needed(const Judged& one, const std::optional<Interval>& interval) {
  const Contrast& contrast = *one.contrast;
  const auto n = static_cast<double>(contrast.n());
  if (!interval) return std::max<std::int64_t>(contrast.least_n(one.level) - contrast.n(), 1);
  constexpr double kTooMany = 100'000;
  const double distance = std::abs(std::abs(contrast.estimate()) - margin(one));
  const double reach = std::max(interval->high - contrast.estimate(), contrast.estimate() - interval->low);
  const double needed = n * (reach / distance) * (reach / distance);
  if (!(needed < kTooMany)) return std::nullopt;  // it lies on the border
  return std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil(needed - n)), 1);
}

void conclude(Judged& one) {
  const auto interval = one.contrast->interval(one.level);
  VerdictRow& row = one.row;
  row.effect = scaled_effect(one, one.contrast->estimate());
  row.confidence = 1 - one.level;
  row.n = one.contrast->n();
  row.rule = one.contrast->rule();
  if (interval) row.interval = Interval{scaled_effect(one, interval->low), scaled_effect(one, interval->high)};
  if (interval && (interval->low > margin(one) || interval->high < -margin(one))) {
    row.verdict = direction(*one.metric, interval->low > margin(one));
  } else if (interval && interval->low >= -margin(one) && interval->high <= margin(one)) {
    row.verdict = Verdict::kSame;
  } else {
    row.verdict = Verdict::kUndecided;
    row.rounds_needed = one.metric->needs_machine ? rounds_needed(one, interval) : std::nullopt;
  }
}

const Threshold* threshold_of(const Gate& gate, std::string_view metric, const std::string& key, bool of_effect) {
  const Threshold* found = nullptr;
  for (const Threshold& threshold : gate.thresholds) {
    const bool says = of_effect ? threshold.effect.has_value() : threshold.gates.has_value();
    if (says && threshold.metric == metric && threshold.cells(key)) found = &threshold;
  }
  return found;
}

// Says the same as the metric before it: another face of it, or, where both runs took turns and the machine is out of
// the time itself, the speed-up.
bool is_dependent(const Judged& one, bool is_paired) {
  return one.metric->is_other_face || (is_paired && one.metric->name == "speedup");
}

// What has too few values for any claim cannot make a wrong one.
bool is_of_family(const Judged& one, double alpha, bool is_paired) {
  return one.contrast && !one.contrast->is_certain() && !is_dependent(one, is_paired) &&
         one.contrast->least_n(alpha) <= one.contrast->n();
}

// in the unit of the metric's scale; 0 where what it is a share of is not there
double smallest_effect(const ComparedMetric& metric, const MeasuredCell& older) {
  if (metric.share_of.empty()) return metric.smallest_effect;
  return metric.smallest_effect * std::abs(value_of(older, metric.share_of).value_or(0));
}

// of one metric of a pair; an empty optional: one of the runs has no such number
std::optional<Judged> judge_metric(const Match& match, const ComparedMetric& metric, const std::string& obstacle,
                                   const Gate& gate) {
  const MeasuredCell& older = *match.pair.older;
  const MeasuredCell& newer = *match.pair.newer;
  Judged one{.metric = &metric};
  const auto before = value_of(older, metric.name);
  const auto after = value_of(newer, metric.name);
  if (!before && !after) return std::nullopt;
  std::string fault = before && after ? "" : (before ? "only the old run has it" : "only the new run has it");
  if (fault.empty() && metric.needs_machine && !match.pair.is_paired) fault = obstacle;
  if (fault.empty() && older.quality.contains(metric.name)) {
    const auto difference = quality_difference(older.quality.at(metric.name), newer.quality.at(metric.name));
    if (difference) fault = in_words(*difference);
  }
  one.row = not_comparable(newer, metric.name, fault);
  one.row.scale = metric.scale;
  one.row.older = before;
  one.row.newer = after;
  const auto& key = newer.stored.row.key;
  const Threshold* effect = threshold_of(gate, metric.name, key, true);
  const Threshold* gates = threshold_of(gate, metric.name, key, false);
  one.row.smallest_effect = effect ? *effect->effect : smallest_effect(metric, older);
  one.row.gates = (gates ? *gates->gates : metric.gates) && before && !is_dependent(one, match.pair.is_paired);
  if (!fault.empty()) return one;
  one.contrast = metric.contrast(match.pair, metric);
  if (one.contrast) return one;
  // the speed-up of `full` is 1 by definition, and of runs that took turns percentiles are not looked at
  if (metric.name == "speedup" || match.pair.is_paired) return std::nullopt;
  one.row.reason = "no interval in one of the runs";
  return one;
}

// What the runs as wholes differ in, where the gate does not say that they may.
std::string obstacle_in(const std::vector<Difference>& differences, const Gate& gate) {
  for (const Difference& one : differences) {
    const bool is_allowed = std::find(gate.across.begin(), gate.across.end(), one.group) != gate.across.end();
    if (!is_allowed) return one.group + ": " + in_words(one) + " (--across " + one.group + " compares all the same)";
  }
  return "";
}

// Holm's levels over what may be wrong by chance; the other face of a metric has its level, and what has too few values
// the one that it would begin with if it had enough.
void set_levels(std::vector<Judged>& judged, double alpha, bool is_paired) {
  const auto is_uncertain = [&](const Judged& one) {
    return one.contrast && !one.contrast->is_certain() && !is_dependent(one, is_paired);
  };
  const auto uncertain = std::count_if(judged.begin(), judged.end(), is_uncertain);
  std::vector<Judged*> family;
  std::vector<double> p_values;
  for (Judged& one : judged) {
    one.level = is_uncertain(one) ? alpha / static_cast<double>(uncertain) : alpha;
    if (!is_of_family(one, alpha, is_paired)) continue;
    family.push_back(&one);
    p_values.push_back(one.contrast->p_beyond(margin(one)));
  }
  const auto levels = holm_levels(p_values, alpha);
  for (std::size_t i = 0; i < family.size(); ++i) family[i]->level = levels[i];
  for (std::size_t i = 1; i < judged.size(); ++i) {
    if (judged[i].metric && is_dependent(judged[i], is_paired)) judged[i].level = judged[i - 1].level;
  }
}

}  // namespace

std::string effect_words(const VerdictRow& row) {
  if (!row.effect) return "";
  const bool is_ratio = row.scale == Scale::kRatio;
  const double sign = is_ratio && *row.effect < 1 ? -1 : 1;
  const auto said = [&](double effect) {
    return is_ratio ? format("%.1f", sign * 100 * (effect - 1)) : format("%+.3g", effect);
  };
  std::string words = said(*row.effect) + (is_ratio ? " %" : "");
  if (row.interval && row.interval->low != row.interval->high) {
    const auto& [low, high] = *row.interval;
    words += " [" + said(sign > 0 ? low : high) + ", " + said(sign > 0 ? high : low) + "]";
  }
  return words;
}

std::int64_t family_size(const std::vector<Judged>& judged, double alpha, bool is_paired) {
  return std::count_if(judged.begin(), judged.end(),
                       [&](const Judged& one) { return is_of_family(one, alpha, is_paired); });
}

std::vector<Judged> judge(const std::vector<Match>& matches, const std::vector<ComparedMetric>& metrics,
                          const std::vector<Difference>& differences, const Gate& gate, bool is_paired) {
  const std::string obstacle = obstacle_in(differences, gate);
  std::vector<Judged> judged;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto& pair = matches[i].pair;
    const MeasuredCell& cell = pair.newer ? *pair.newer : *pair.older;
    if (cell.stored.row.role == CellRole::kNull) continue;  // it prices the harness, and no one waits for it
    const std::string fault = fault_of(matches[i]);
    if (!fault.empty()) {
      Judged& one = judged.emplace_back();
      one.match = i;
      one.row = not_comparable(cell, "all", fault);
      one.row.gates = pair.older != nullptr;  // a cell that is new is no question
      one.row.is_regression = pair.older && pair.newer && pair.older->stored.status == CellStatus::kOk &&
                              pair.newer->stored.status == CellStatus::kFailed;
      continue;
    }
    for (const ComparedMetric& metric : metrics) {
      auto one = judge_metric(matches[i], metric, obstacle, gate);
      if (!one) continue;
      one->match = i;
      judged.push_back(std::move(*one));
    }
  }
  set_levels(judged, 1 - gate.confidence, is_paired);
  for (Judged& one : judged) {
    if (one.contrast) conclude(one);
  }
  return judged;
}

}  // namespace diffbench::results
