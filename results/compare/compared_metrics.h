#pragma once
// THE table of what a comparison looks at: which metrics, on which scale, how large a difference has to be to matter,
// and how two runs are set against each other.
//
//   for (const ComparedMetric& metric : compared_metrics(older, newer)) {
//     if (const auto contrast = metric.contrast(pair)) ...      // null: one of the two has no such number
//   }
//
// A metric of speed more is one line here (and its row in metrics.h); those of quality come from the files themselves.
// Values and units are those of tables estimate and quality.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/compare/contrast.h"
#include "results/compare/measured_run.h"

namespace diffbench::results {

// The same cell in two runs, with the baselines of their comparisons (null: the cell is one, or has none).
struct CellPair {
  const MeasuredCell* older = nullptr;
  const MeasuredCell* newer = nullptr;
  const MeasuredCell* older_baseline = nullptr;
  const MeasuredCell* newer_baseline = nullptr;
  bool is_paired = false;  // the runs took turns: their rounds of one number are neighbours in time
};

enum class Scale { kRatio, kDifference };

struct ComparedMetric {
  std::string name;  // of metrics.h, or of the file's quality metrics: "fid", "fid@clip" of a further extractor
  Scale scale;       // what `smallest_effect` and the contrast are: of a ratio, or of a plain difference
  double smallest_effect;
  bool gates;          // a regression here fails the gate by default
  bool is_speed;       // faster | slower; otherwise better | worse
  bool needs_machine;  // comparable on equal machines only
  bool is_other_face;  // of the metric before it: the same values, so no claim of its own in the family
  bool lower_is_better;
  ContrastPtr (*contrast)(const CellPair& pair, const ComparedMetric& metric);
  std::string share_of{};  // the metric of whose older value `smallest_effect` is a share; empty: it is in the own unit
};

// of speed and cost
std::span<const ComparedMetric> compared_metrics();
const ComparedMetric* find_compared_metric(std::string_view name);  // nullptr: not one of them

// those, and every quality metric that both runs have
std::vector<ComparedMetric> compared_metrics(const MeasuredRun& older, const MeasuredRun& newer);

// The value that a table shows for a cell; from estimate or quality.
std::optional<double> value_of(const MeasuredCell& cell, std::string_view metric);

}  // namespace diffbench::results
