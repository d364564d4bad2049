#pragma once
// THE table of quality metrics: what each is called and means, what it needs, and the function that computes it. `run`,
// `judge`, `fid`, `list metrics`, the metric rows of a results file, comparisons and figures all read it.
//
//   const auto chosen = find_metrics({"fid", "prc"}, "--metrics");            // short names are resolved
//   for (const auto& [metric, computed] : compute(chosen, evidence))
//     print(metric->name, estimate_of(*computed.replicates, metric->range));
//
// Adding one: a file with its function, and a line in metrics.cpp (CONTRIBUTING.md shows it).

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/quality/evidence.h"
#include "harness/quality/jackknife.h"

namespace diffbench::quality {

// What has to be there, as bits. kStatistics is met by feature rows as well.
enum Need : unsigned {
  kStatistics = 1U << 0U,     // of the generated features and of the reference
  kRows = 1U << 1U,           // generated feature rows
  kReferenceRows = 1U << 2U,  // feature rows of the reference
  kLogits = 1U << 3U,         // of the generated samples
  kSpatial = 1U << 4U,        // spatial features, and the reference's statistics of them
  kImages = 1U << 5U,         // generated pixels
  kBaseline = 1U << 6U,       // the same of `full` on the same seeds
  kPairNetwork = 1U << 7U,    // an LPIPS network
};

struct CurvePoint {
  int64_t n = 0;
  double value = 0;
};

// One function may compute several metrics that share their work: one Replicates for each.
struct Computed {
  std::vector<Replicates> parts{};
  std::vector<CurvePoint> curve{};  // the value at smaller n, where the metric shows it
};

enum class ComparedBy { kRatio, kDifference };

struct QualityMetric {
  std::string_view name;
  std::string_view unit;
  std::string_view better;      // lower | higher
  std::string_view definition;  // one sentence
  std::string_view formula;
  unsigned needs = 0;
  Computed (*compute)(const Evidence& evidence) = nullptr;
  size_t part = 0;  // of what compute gives
  // How two runs are set against each other, and from where on a change matters: a share of the value (kRatio), or in
  // the metric's unit. Of the difference to `full` the same: how large values are depends on the extractor (a KID of
  // 0.01 is much in one and nothing in another), so a fixed number of its unit would not do.
  ComparedBy comparison = ComparedBy::kRatio;
  double smallest_effect = 0.05;
  Range range{};              // values outside it are impossible: intervals end there
  bool by_class = false;      // also computed within each class of a conditional model
  int64_t least_samples = 2;  // generated, and rows of the reference where it needs those
  int64_t least_pixels = 1;   // on the shorter side of an image
};

std::span<const QualityMetric> quality_metrics();

std::vector<std::string> metric_names();  // the short ones too

// A name of the table, or a short one: is, prc (precision and recall), prdc (and density and coverage). InputError
// "<where>: ..." for others.
std::vector<const QualityMetric*> find_metrics(const std::vector<std::string>& names, const std::string& where);

struct ComputedMetric {
  const QualityMetric* metric = nullptr;
  Replicates replicates{};
  std::vector<CurvePoint> curve{};
};

// Each function once, whatever the number of its metrics; in the order given.
std::vector<ComputedMetric> compute(std::span<const QualityMetric* const> metrics, const Evidence& evidence);

// What of the needs the evidence lacks, in words ("logits: the extractor gives none"); empty: nothing.
std::string lacking(const QualityMetric& metric, const Evidence& evidence);

}  // namespace diffbench::quality
