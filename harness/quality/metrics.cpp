#include "harness/quality/metrics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/quality/fid.h"
#include "harness/quality/inception_score.h"
#include "harness/quality/kernel_distance.h"
#include "harness/quality/manifold.h"
#include "harness/quality/paired.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::quality {
namespace {

constexpr Range kNotNegative{.low = 0.0};
constexpr Range kShare{.low = 0.0, .high = 1.0};
constexpr unsigned kAgainstRows = kRows | kReferenceRows;
constexpr unsigned kPixels = kImages | kBaseline;

// name, unit, better, definition, formula, needs, function, part; compared by, from where on a change matters (a
// share, or a difference in its unit); range; within classes too; least samples, least pixels
constexpr QualityMetric kTable[] = {
    {"fid", "distance", "lower",
     "Frechet distance between Gaussians fitted to the features of the samples and of the reference; comparable only "
     "for equal N, extractor and reference.",
     "|mu_a - mu_b|^2 + trace(S_a + S_b - 2 (S_a S_b)^(1/2)), covariances with ddof 1", kStatistics, fid, 0,
     ComparedBy::kRatio, 0.02, kNotNegative},
    {"sfid", "distance", "lower",
     "Frechet distance of spatial features, as ADM's evaluator has it: the first 7 channels of a layer before pooling.",
     "fid of spatial features", kSpatial, sfid, 0, ComparedBy::kRatio, 0.02, kNotNegative},
    {"fid_infinity",
     "distance",
     "lower",
     "Frechet distance extrapolated to infinitely many samples.",
     "20 fid - 19/20 sum of the fid without each of 20 groups of samples",
     kStatistics | kRows,
     fid_infinity,
     0,
     ComparedBy::kRatio,
     0.02,
     {},
     false,
     kLeastForIntervals},
    {"kid",
     "distance",
     "lower",
     "Kernel distance: unbiased squared maximum mean discrepancy between the features of the samples and of the "
     "reference.",
     "MMD^2 with k(x, y) = (x.y / D + 1)^3 over all pairs of different rows",
     kAgainstRows,
     kid_of_all,
     0,
     ComparedBy::kRatio,
     0.05,
     {},
     true},
    {"cmmd", "distance", "lower",
     "Squared maximum mean discrepancy under a Gaussian kernel, times 1000: CMMD's distance of the features given.",
     "1000 MMD^2 with k(x, y) = exp(-|x - y|^2 / 200) over all pairs", kAgainstRows, cmmd, 0, ComparedBy::kRatio, 0.05,
     kNotNegative},
    {"inception_score",
     "score",
     "higher",
     "How confident the extractor's classifier is per sample and how varied its answers are over all samples.",
     "exp(mean KL(p(y|x) || p(y))), mean over 10 contiguous splits",
     kLogits,
     inception_score,
     0,
     ComparedBy::kRatio,
     0.02,
     {.low = 1.0}},
    {"precision", "ratio", "higher",
     "Share of samples that lie within the k-nearest-neighbour manifold of the reference.",
     "share of samples inside a ball around a reference feature, radius to its 3rd neighbour", kAgainstRows, manifold,
     0, ComparedBy::kDifference, 0.02, kShare, false, kLeastOfNeighbours},
    {"recall", "ratio", "higher",
     "Share of the reference that lies within the k-nearest-neighbour manifold of the samples.",
     "share of reference features inside a ball around a sample, radius to its 3rd neighbour", kAgainstRows, manifold,
     1, ComparedBy::kDifference, 0.02, kShare, false, kLeastOfNeighbours},
    {"density", "ratio", "higher", "How many balls around reference features a sample lies in, over k.",
     "mean over samples of (balls of radius to the 5th neighbour that it is in) / 5", kAgainstRows, manifold, 2,
     ComparedBy::kDifference, 0.02, kNotNegative, false, kLeastOfNeighbours},
    {"coverage", "ratio", "higher", "Share of the reference whose ball holds a sample.",
     "share of reference features with a sample nearer than their 5th neighbour", kAgainstRows, manifold, 3,
     ComparedBy::kDifference, 0.02, kShare, false, kLeastOfNeighbours},
    {"psnr",
     "dB",
     "higher",
     "Peak signal-to-noise ratio of the pixels against `full` on the same seeds; at most 100.",
     "mean over samples of 10 log10(255^2 / mean square difference)",
     kPixels,
     psnr,
     0,
     ComparedBy::kDifference,
     0.5,
     {.low = 0.0, .high = 100.0},
     true},
    {"ssim",
     "ratio",
     "higher",
     "Structural similarity with `full` on the same seeds.",
     "mean over samples of SSIM, Gaussian window of 11 pixels, sigma 1.5",
     kPixels,
     ssim,
     0,
     ComparedBy::kDifference,
     0.01,
     {.low = -1.0, .high = 1.0},
     true,
     2,
     kSsimWindow},
    {"rmse",
     "grey levels",
     "lower",
     "Difference of the pixels (0 to 255) from `full` on the same seeds.",
     "mean over samples of the root of the mean square difference",
     kPixels,
     rmse,
     0,
     ComparedBy::kDifference,
     1.0,
     {.low = 0.0, .high = 255.0},
     true},
    {"lpips", "distance", "lower", "Learned perceptual distance from `full` on the same seeds, by the network given.",
     "mean over samples of the network's distance", kPixels | kPairNetwork, lpips, 0, ComparedBy::kDifference, 0.01,
     kNotNegative, true},
    {"feature_distance", "distance", "lower", "Distance of a sample's features from those of `full` on the same seed.",
     "mean over samples of |f - f_full|", kRows | kBaseline, feature_distance, 0, ComparedBy::kRatio, 0.05,
     kNotNegative, true},
    {"label_agreement", "ratio", "higher",
     "Share of samples that the extractor's classifier gives the same label as those of `full` on the same seeds.",
     "share of samples with equal largest logit", kLogits | kBaseline, label_agreement, 0, ComparedBy::kDifference,
     0.02, kShare, true},
};

const std::map<std::string, std::vector<std::string>>& short_names() {
  static const std::map<std::string, std::vector<std::string>> kNames = {
      {"is", {"inception_score"}},
      {"prc", {"precision", "recall"}},
      {"prdc", {"precision", "recall", "density", "coverage"}}};
  return kNames;
}

// what the evidence has of what is needed, and what to call what it has not
struct Lack {
  unsigned need;
  bool (*is_there)(const Evidence& evidence, const Evidence* baseline);
  const char* words;
};

constexpr Lack kLacks[] = {
    {kStatistics,
     [](const Evidence& e, const Evidence*) {
       return (e.features || e.statistics) && e.reference != nullptr && e.reference->features != nullptr;
     },
     "there are no features, and no statistics of them"},
    {kRows, [](const Evidence& e, const Evidence* b) { return e.features && (b == nullptr || b->features); },
     "there are no feature rows: their statistics alone are kept"},
    {kReferenceRows, [](const Evidence& e, const Evidence*) { return e.reference != nullptr && e.reference->rows; },
     "the reference has no feature rows, only their statistics"},
    {kLogits, [](const Evidence& e, const Evidence* b) { return e.logits && (b == nullptr || b->logits); },
     "there are no logits: the extractor gives none, or rows are not kept"},
    {kSpatial,
     [](const Evidence& e, const Evidence*) {
       return e.spatial && e.reference != nullptr && e.reference->spatial != nullptr;
     },
     "there are no spatial features, or no statistics of them (mu_s, sigma_s) in the reference"},
    {kImages, [](const Evidence& e, const Evidence* b) { return e.images && (b == nullptr || b->images); },
     "the pixels are not there: a run keeps them with [quality] keep = \"images\""},
    {kBaseline, [](const Evidence& e, const Evidence*) { return e.baseline != nullptr; },
     "there is nothing to compare with"},
    {kPairNetwork, [](const Evidence& e, const Evidence*) { return static_cast<bool>(e.lpips); },
     "no LPIPS network is given"},
};

}  // namespace

std::span<const QualityMetric> quality_metrics() { return kTable; }

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const auto& metric : kTable) names.emplace_back(metric.name);
  for (const auto& [name, members] : short_names()) names.push_back(name);
  return names;
}

std::vector<const QualityMetric*> find_metrics(const std::vector<std::string>& names, const std::string& where) {
  if (names.empty()) throw config::InputError(where + ": names no metric");
  std::vector<const QualityMetric*> found;
  for (const auto& name : names) {
    const auto members = short_names().find(name);
    for (const auto& wanted : members == short_names().end() ? std::vector<std::string>{name} : members->second) {
      const auto* metric = std::find_if(std::begin(kTable), std::end(kTable),
                                        [&](const QualityMetric& one) { return one.name == wanted; });
      if (metric == std::end(kTable)) {
        throw config::InputError(where + ": " + config::unknown_name("metric", name, metric_names()));
      }
      if (std::find(found.begin(), found.end(), metric) == found.end()) found.push_back(metric);
    }
  }
  return found;
}

std::vector<ComputedMetric> compute(std::span<const QualityMetric* const> metrics, const Evidence& evidence) {
  std::map<Computed (*)(const Evidence&), Computed> done;
  std::vector<ComputedMetric> results;
  for (const auto* metric : metrics) {
    auto found = done.find(metric->compute);
    if (found == done.end()) found = done.emplace(metric->compute, metric->compute(evidence)).first;
    results.push_back(
        {.metric = metric, .replicates = found->second.parts.at(metric->part), .curve = found->second.curve});
  }
  return results;
}

std::string lacking(const QualityMetric& metric, const Evidence& evidence) {
  const Evidence* baseline = (metric.needs & kBaseline) != 0 ? evidence.baseline : nullptr;
  for (const Lack& lack : kLacks) {
    if ((metric.needs & lack.need) != 0 && !lack.is_there(evidence, baseline)) return lack.words;
  }
  return "";
}

}  // namespace diffbench::quality
