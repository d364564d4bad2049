#include "harness/quality/compare_sets.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/quality/extractor.h"
#include "harness/quality/image_source.h"
#include "harness/quality/input_mode.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::quality {
namespace {

using config::InputError;

struct Needs {
  bool fid = false, kid = false, inception = false, precision_recall = false;
  bool rows() const { return kid || precision_recall; }
};

Needs needs_of(const std::vector<std::string>& metrics) {
  Needs needs;
  for (const auto& metric : metrics) {
    if (std::ranges::find(metric_names(), metric) == metric_names().end()) {
      throw InputError("--metrics: " + config::unknown_name("metric", metric, metric_names()));
    }
    needs.fid |= metric == "fid";
    needs.kid |= metric == "kid";
    needs.inception |= metric == "is" || metric == "inception_score";
    needs.precision_recall |= metric == "prc" || metric == "precision" || metric == "recall";
  }
  if (metrics.empty()) {
    throw InputError("--metrics: names no metric");
  }
  return needs;
}

// fills in features (and logits) of a set that has only images
void extract(SampleSet& set, FeatureExtractor& extractor) {
  const auto out = extractor.extract(set.images);
  if (!set.features.defined()) {
    set.features = out.features;
  }
  if (!set.logits.defined()) {
    set.logits = out.logits;
  }
}

bool lacks(const SampleSet& set, bool statistics, bool features, bool logits) {
  return (statistics && !set.statistics && !set.features.defined()) || (features && !set.features.defined()) ||
         (logits && !set.logits.defined());
}

void require_features(const SampleSet& set, const char* metric) {
  if (!set.features.defined()) {
    throw InputError(set.file + ": " + metric + " needs features or images, and this holds statistics only");
  }
}

Gaussian gaussian_of_set(const SampleSet& set) {
  if (set.statistics) {
    return *set.statistics;
  }
  try {
    return gaussian_of(set.features);
  } catch (const InputError& error) {
    throw InputError(set.file + ": " + error.what());
  }
}

Fid fid_of(const SampleSet& a, const SampleSet& b, bool interval) {
  const FrechetReference reference(gaussian_of_set(b));
  const auto generated = gaussian_of_set(a);
  Fid fid{reference.distance(generated), generated.count, reference.gaussian().count, std::nullopt};
  if (!interval) {
    return fid;
  }
  if (a.statistics) {
    throw InputError(a.file + ": --interval leaves out samples of A, and this holds statistics only");
  }
  FidGroups groups(generated.mean);
  groups.add(a.features, 0);
  fid.estimate = fid_interval(groups.replicates(reference));
  return fid;
}

std::optional<int64_t> rows_of(const SampleSet& set) {
  if (set.features.defined()) return set.features.size(0);
  return set.logits.defined() ? std::optional(set.logits.size(0)) : std::nullopt;
}

nlohmann::json count_or_null(const std::optional<int64_t>& count) {
  return count ? nlohmann::json(*count) : nlohmann::json();
}

}  // namespace

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> kNames = {"fid", "kid", "inception_score", "is", "precision", "recall", "prc"};
  return kNames;
}

Comparison compare_sets(const std::filesystem::path& path_a, const std::filesystem::path& path_b,
                        const CompareOptions& options) {
  const auto needs = needs_of(options.metrics);
  find_input_mode(options.mode, "--mode");
  if (options.extractor.empty() && options.mode != "plain") {
    throw InputError("--mode " + options.mode + ": says what a network is given; name one with --extractor");
  }
  auto a = load_samples(path_a);
  auto b = load_samples(path_b);

  Comparison result;
  std::optional<FeatureExtractor> extractor;
  if (!options.extractor.empty()) {
    extractor.emplace(options.extractor, at::Device(at::kCPU), config::GivenAt{"--extractor"}, options.mode);
  }
  const auto complete = [&](SampleSet& set, bool logits) {
    if (!set.images.defined() || !lacks(set, needs.fid, needs.rows(), logits)) {
      return;
    }
    if (!extractor) {
      throw InputError(set.file + ": holds images; name their feature extractor with --extractor");
    }
    extract(set, *extractor);
    result.extractor_hash = extractor->hash();
  };
  complete(a, needs.inception);
  complete(b, false);

  result.rows_a = rows_of(a);
  result.rows_b = rows_of(b);

  if (needs.fid) {
    result.fid = fid_of(a, b, options.interval);
  }
  if (needs.kid) {
    require_features(a, "kid");
    require_features(b, "kid");
    result.kid = kernel_distance(a.features, b.features, options.kid);
  }
  if (needs.inception) {
    if (!a.logits.defined()) {
      throw InputError(a.file + ": inception_score needs logits, and neither this nor the extractor gives any");
    }
    result.inception = inception_score(a.logits);
  }
  if (needs.precision_recall) {
    require_features(a, "precision");
    require_features(b, "precision");
    result.precision_recall = precision_recall(a.features, b.features);
  }
  return result;
}

nlohmann::json to_json(const Comparison& comparison) {
  nlohmann::json json = nlohmann::json::object();
  if (const auto& fid = comparison.fid) {
    json["fid"] = {{"value", fid->value}, {"n", {count_or_null(fid->count_a), count_or_null(fid->count_b)}}};
    if (const auto& estimate = fid->estimate) {
      json["fid"].update(
          {{"rule", estimate->rule}, {"confidence", estimate->confidence}, {"groups", kJackknifeGroups}});
      for (const char* key : {"standard_error", "low", "high", "bias"}) {
        json["fid"][key] = nullptr;
      }
      if (const auto& interval = estimate->interval) {
        json["fid"].update({{"standard_error", interval->standard_error},
                            {"low", interval->low},
                            {"high", interval->high},
                            {"bias", interval->bias}});
      }
    }
  }
  const nlohmann::json n = {count_or_null(comparison.rows_a), count_or_null(comparison.rows_b)};
  if (const auto& kid = comparison.kid) {
    json["kid"] = {{"value", kid->value}, {"std", kid->std}, {"n", n}};
  }
  if (const auto& inception = comparison.inception) {
    json["is"] = {{"value", inception->value}, {"std", inception->std}, {"n", n}};
  }
  if (const auto& prc = comparison.precision_recall) {
    json["precision"] = {{"value", prc->precision}, {"n", n}};
    json["recall"] = {{"value", prc->recall}, {"n", n}};
  }
  return json;
}

}  // namespace diffbench::quality
