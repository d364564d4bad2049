#include "harness/quality/compare_sets.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/quality/extractor.h"
#include "harness/quality/image_source.h"
#include "harness/quality/inception_score.h"
#include "harness/quality/input_mode.h"
#include "methods/config/input_error.h"
#include "methods/risk_controlled/pair_network.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using Metrics = std::vector<const QualityMetric*>;

unsigned needs_of(const Metrics& metrics) {
  unsigned needs = 0;
  for (const auto* metric : metrics) needs |= metric->needs;
  return needs;
}

// what the metrics look at of a side; images cannot be made
bool lacks(const SampleSet& set, unsigned needs) {
  const bool rows = (needs & (kRows | kReferenceRows)) != 0;
  return ((needs & kStatistics) != 0 && !set.statistics && !set.features.defined()) ||
         (rows && !set.features.defined()) || ((needs & kLogits) != 0 && !set.logits.defined()) ||
         ((needs & kSpatial) != 0 && !set.spatial.defined());
}

// fills in what a set that has only images lacks
void extract(SampleSet& set, FeatureExtractor& extractor) {
  const int64_t count = image_count(set);
  Extracted all;
  int64_t first = 0;
  const auto gather = [&](at::Tensor& whole, const at::Tensor& part) {
    if (!part.defined()) return;
    if (!whole.defined())
      whole = at::empty({count, part.size(1)}, part.options());  // once: joining takes twice the memory
    whole.narrow(0, first, part.size(0)).copy_(part);
  };
  constexpr int64_t kImagesPerBlock = 256;
  for_each_image_block(set, kImagesPerBlock, [&](const at::Tensor& images) {
    const auto out = extractor.extract(images);
    gather(all.features, out.features);
    gather(all.logits, out.logits);
    gather(all.spatial, out.spatial);
    first += images.size(0);
  });
  if (!set.features.defined()) set.features = all.features;
  if (!set.logits.defined()) set.logits = all.logits;
  if (!set.spatial.defined()) set.spatial = all.spatial;
}

Gaussian gaussian_of_set(const SampleSet& set) {
  if (set.statistics) return *set.statistics;
  try {
    return gaussian_of(set.features);
  } catch (const InputError& error) {
    throw InputError(set.file + ": " + error.what());
  }
}

RowsPtr rows_if_any(const at::Tensor& rows) { return rows.defined() ? rows_of(rows) : nullptr; }

// A's statistics count where it has them; features then serve the metrics of rows
Evidence evidence_of(const SampleSet& set) {
  return {.features = rows_if_any(set.features),
          .logits = rows_if_any(set.logits),
          .spatial = rows_if_any(set.spatial),
          .images = rows_if_any(set.images)};
}

// statistics of many rows take a while, so only where a metric looks at them
Reference reference_of(const SampleSet& set, unsigned needs) {
  Reference reference;
  if ((needs & kStatistics) != 0 && (set.statistics || set.features.defined())) {
    reference.features = std::make_shared<FrechetReference>(gaussian_of_set(set));
  }
  if ((needs & kSpatial) != 0 && (set.spatial_statistics || set.spatial.defined())) {
    reference.spatial =
        std::make_shared<FrechetReference>(set.spatial_statistics ? *set.spatial_statistics : gaussian_of(set.spatial));
  }
  reference.rows = rows_if_any(set.features);
  return reference;
}

// in the words of files: what a metric needs and a side has not
void check_sides(const Metrics& metrics, const SampleSet& a, const SampleSet& b) {
  for (const auto* metric : metrics) {
    const std::string name(metric->name);
    const auto want = [&](const SampleSet& set, bool is_there, const char* what) {
      if (!is_there) throw InputError(set.file + ": " + name + " needs " + what);
    };
    constexpr const char* kFeatures = "features or images, and this holds statistics only";
    const bool is_paired = (metric->needs & kBaseline) != 0;
    if ((metric->needs & kRows) != 0) want(a, a.features.defined(), kFeatures);
    if ((metric->needs & kReferenceRows) != 0 || (is_paired && (metric->needs & kRows) != 0)) {
      want(b, b.features.defined(), kFeatures);
    }
    if ((metric->needs & kLogits) != 0) {
      constexpr const char* kLogitWords = "logits, and neither this nor the extractor gives any";
      want(a, a.logits.defined(), kLogitWords);
      if (is_paired) want(b, b.logits.defined(), kLogitWords);
    }
    if ((metric->needs & kSpatial) != 0) {
      want(a, a.spatial.defined(), "spatial features, and neither this nor the extractor gives any");
      want(b, b.spatial.defined() || b.spatial_statistics, "spatial features, or mu_s and sigma_s");
    }
    if ((metric->needs & kImages) != 0) {
      want(a, a.images.defined(), "images");
      want(b, b.images.defined(), "images");
    }
  }
}

void check_channels(const SampleSet& a, const SampleSet& b) {
  if (!a.images.defined() || !b.images.defined() || a.images.size(1) == b.images.size(1)) return;
  throw InputError(a.file + ": its images have " + std::to_string(a.images.size(1)) + " channels, those of " + b.file +
                   " " + std::to_string(b.images.size(1)));
}

// of no use without the metric, and the metric of none without it
PairNetwork pair_network(const std::string& file, unsigned needs) {
  const bool is_asked = (needs & kPairNetwork) != 0;
  if (is_asked && file.empty())
    throw InputError("--metrics lpips: names no network; give a TorchScript file as --lpips");
  if (!is_asked && !file.empty()) throw InputError("--lpips " + file + ": --metrics names no lpips");
  if (!is_asked) return {};
  return methods::risk_controlled::PairNetwork(file, at::Device(at::kCPU), "--lpips");
}

std::optional<int64_t> rows_of_set(const SampleSet& set) {
  for (const auto& rows : {set.features, set.logits, set.images}) {
    if (rows.defined()) return rows.size(0);
  }
  return std::nullopt;
}

// the mean over random subsets that papers print
ComparedValue kid_of_subsets(const SampleSet& a, const SampleSet& b, const KidOptions& options) {
  const auto kid = kernel_distance(a.features, b.features, options);
  return {.metric = "kid", .value = kid.value, .spread = kid.std};
}

nlohmann::json count_or_null(const std::optional<int64_t>& count) {
  return count ? nlohmann::json(*count) : nlohmann::json();
}

}  // namespace

const ComparedValue* Comparison::find(std::string_view metric) const {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const ComparedValue& value) { return value.metric == metric; });
  return found == values.end() ? nullptr : &*found;
}

Comparison compare_sets(const std::filesystem::path& path_a, const std::filesystem::path& path_b,
                        const CompareOptions& options) {
  const auto metrics = find_metrics(options.metrics, "--metrics");
  const unsigned needs = needs_of(metrics);
  choose_mode(options.mode, "--mode");
  if (options.extractor.empty() && options.mode != "plain") {
    throw InputError("--mode " + options.mode + ": says what a network is given; name one with --extractor");
  }
  const auto lpips = pair_network(options.lpips, needs);
  const auto images = (needs & kImages) != 0 ? Images::kLoaded : Images::kListed;
  auto a = load_samples(path_a, images);
  auto b = load_samples(path_b, images);
  check_channels(a, b);

  Comparison result;
  std::optional<FeatureExtractor> extractor;
  if (!options.extractor.empty()) {
    extractor.emplace(options.extractor, at::Device(at::kCPU), config::GivenAt{"--extractor"}, options.mode);
  }
  const auto complete = [&](SampleSet& set, unsigned wanted) {
    if (image_count(set) == 0 || !lacks(set, wanted)) return;
    if (!extractor) {
      throw InputError(set.file + ": holds images; name their feature extractor with --extractor");
    }
    extract(set, *extractor);
    result.extractor_hash = extractor->hash();
  };
  complete(a, needs);
  complete(b, (needs & kBaseline) != 0 ? needs : needs & ~unsigned{kLogits});
  check_sides(metrics, a, b);

  const auto reference = reference_of(b, needs);
  auto of_a = evidence_of(a);
  auto of_b = evidence_of(b);
  of_a.reference = &reference;
  of_a.baseline = &of_b;
  of_a.lpips = lpips;
  // The FID of a file with statistics is theirs, even where rows are there; without an interval there is no need to
  // leave out any.
  auto for_fid = of_a;
  if ((needs & kStatistics) != 0 && (a.statistics || !options.interval)) {
    for_fid.features = nullptr;
    for_fid.statistics = gaussian_of_set(a);
  }
  if (options.interval && a.statistics) {
    throw InputError(a.file + ": --interval leaves out samples of A, and this holds statistics only");
  }
  Metrics of_rows;
  for (const auto* metric : metrics) {
    const bool is_of_subsets = metric->name == "kid" && options.kid.subsets > 0;
    if (!is_of_subsets && metric->name != "fid") of_rows.push_back(metric);
  }
  const auto computed = compute(of_rows, of_a);
  for (const auto* metric : metrics) {
    ComparedValue value{.metric = std::string(metric->name)};
    if (metric->name == "kid" && options.kid.subsets > 0) {
      value = kid_of_subsets(a, b, options.kid);
    } else {
      const auto found = std::find_if(computed.begin(), computed.end(),
                                      [&](const ComputedMetric& one) { return one.metric == metric; });
      const auto replicates =
          found == computed.end() ? metric->compute(for_fid).parts.at(metric->part) : found->replicates;
      value.value = replicates.value;
      if (options.interval) value.estimate = estimate_of(replicates, metric->range);
      if (metric->name == "inception_score") value.spread = inception_spread(*of_a.logits);
    }
    const bool by_statistics = metric->name == "fid";
    value.count_a = by_statistics && a.statistics ? a.statistics->count : rows_of_set(a);
    value.count_b = by_statistics ? reference.features->gaussian().count : rows_of_set(b);
    result.values.push_back(std::move(value));
  }
  return result;
}

nlohmann::json to_json(const Comparison& comparison) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& value : comparison.values) {
    auto& entry = json[value.metric == "inception_score" ? "is" : value.metric];
    entry = {{"value", value.value}, {"n", {count_or_null(value.count_a), count_or_null(value.count_b)}}};
    if (value.spread) entry["std"] = *value.spread;
    if (const auto& estimate = value.estimate) {
      entry.update({{"rule", estimate->rule}, {"confidence", estimate->confidence}, {"groups", kJackknifeGroups}});
      for (const char* key : {"standard_error", "low", "high", "bias"}) entry[key] = nullptr;
      if (const auto& interval = estimate->interval) {
        entry.update({{"standard_error", interval->standard_error},
                      {"low", interval->low},
                      {"high", interval->high},
                      {"bias", interval->bias}});
      }
    }
  }
  return json;
}

}  // namespace diffbench::quality
