#include "harness/measure/quality_tools.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "harness/quality/image_source.h"
#include "methods/config/input_error.h"
#include "methods/data/sha256.h"
#include "methods/risk_controlled/pair_network.h"

namespace diffbench::measure {
namespace {

using config::InputError;
namespace fs = std::filesystem;

fs::path reference_file(const suite::Suite& suite, const suite::ExtractorEntry& entry, const std::string& extractor) {
  if (entry.reference.empty()) return fs::path(extractor).parent_path() / "reference.npz";
  const auto file = config::found_from(suite.folder, entry.reference);
  if (!fs::exists(file)) {
    throw InputError(config::GivenAt{entry.reference_where}.naming(entry.reference) + "no such file");
  }
  return file;
}

// Names are those of columns ("fid@clip"): a network that is asked in two modes, or against two references, has two.
std::string own_name(const QualityTools& tools, const suite::ExtractorEntry& entry, const ReferenceFile& reference) {
  const auto is_there = [&](auto&& condition) {
    return std::any_of(tools.networks.begin(), tools.networks.end(),
                       [&](const JudgingNetwork& network) { return condition(network.row); });
  };
  std::string name = entry.extractor;
  for (const std::string& more : {entry.mode, reference.sha.substr(0, 8)}) {
    if (is_there([&](const results::ExtractorRow& row) { return row.name == name; })) name += " " + more;
  }
  if (is_there([&](const results::ExtractorRow& row) {
        return std::tie(row.name, row.mode, row.reference_sha) ==
                   std::tie(entry.extractor, entry.mode, reference.sha) ||
               row.name == name;
      })) {
    throw InputError(entry.extractor_where + ": " + entry.extractor +
                     " is there twice, in one mode and against one reference");
  }
  return name;
}

// what the suite alone decides
void check_samples(const Metrics& metrics, const suite::QualityOptions& options) {
  for (const auto* metric : metrics) {
    if (options.samples >= metric->least_samples) continue;
    throw InputError(options.metrics_where + ": " + std::string(metric->name) + " needs at least " +
                     std::to_string(metric->least_samples) + " samples, and [quality] samples is " +
                     std::to_string(options.samples));
  }
}

// what the reference alone decides; the rest is tried out once there are models
void check_reference(const Metrics& metrics, const ReferenceFile& reference, const std::string& where) {
  for (const auto* metric : metrics) {
    const std::string start = where + ": " + std::string(metric->name) + " needs ";
    if ((metric->needs & quality::kReferenceRows) != 0 && !reference.reference.rows) {
      throw InputError(start + "feature rows of the reference, and " + reference.file +
                       " holds their statistics only: diffbench fid-statistics --keep-features keeps some");
    }
    if ((metric->needs & quality::kReferenceRows) != 0 && reference.reference.rows->count() < metric->least_samples) {
      throw InputError(start + "at least " + std::to_string(metric->least_samples) +
                       " feature rows of the reference, and " + reference.file + " has " +
                       std::to_string(reference.reference.rows->count()));
    }
    if ((metric->needs & quality::kSpatial) != 0 && !reference.reference.spatial) {
      throw InputError(start + "mu_s and sigma_s of the reference, and " + reference.file + " has none");
    }
  }
}

// the whole session has one set of networks; equal image shapes are tried once
std::set<std::vector<int64_t>> image_shapes(const Session& session) {
  std::set<std::vector<int64_t>> shapes;
  for (const auto& state : session.cells) {
    if (state.cell.method == "null") continue;
    const auto& model = state.runner->model();
    if (!model.image.decoder.empty()) continue;  // what it makes of a latent is seen when it has made one
    const auto& network = model.network;
    shapes.insert({1, network.channels, network.image_size, network.image_size});
  }
  return shapes;
}

}  // namespace

ReferenceFile load_reference(int place, const fs::path& file) {
  auto set = quality::load_samples(file);
  if (!set.statistics && !set.features.defined()) {
    throw InputError(file.string() + ": a reference holds features, or mu and sigma");
  }
  ReferenceFile reference{.place = place, .file = file.string(), .sha = data::sha256_of_file(file)};
  reference.reference.features = std::make_shared<quality::FrechetReference>(
      set.statistics ? *set.statistics : quality::gaussian_of(set.features));
  if (set.spatial_statistics) {
    reference.reference.spatial = std::make_shared<quality::FrechetReference>(*set.spatial_statistics);
  }
  if (set.features.defined()) {
    reference.reference.rows = quality::rows_of(set.features);
    reference.reference.labels = set.labels;
  }
  return reference;
}

LpipsFile load_lpips(const std::string& name, at::Device device, const config::GivenAt& at) {
  const auto file = config::found_from(at.folder, name);
  const methods::risk_controlled::PairNetwork network(file, device, at.where);
  return {.network = network, .file = file.string(), .sha = data::sha256_of_file(file)};
}

int lpips_place(size_t extractors) { return static_cast<int>(extractors) + 1; }

bool QualityTools::needs_images() const {
  return std::any_of(metrics.begin(), metrics.end(),
                     [](const auto* metric) { return (metric->needs & quality::kImages) != 0; });
}

std::vector<results::ArtifactRow> QualityTools::files() const {
  std::vector<results::ArtifactRow> rows;
  for (size_t i = 0; i < networks.size(); ++i) {
    rows.push_back({"extractor", networks[i].extractor.file(), networks[i].extractor.hash()});
    rows.push_back({"reference", references[i].file, references[i].sha});
  }
  if (lpips) rows.push_back({"lpips", lpips->file, lpips->sha});
  return rows;
}

std::vector<results::ExtractorRow> QualityTools::rows(const std::string& to_uint8) const {
  std::vector<results::ExtractorRow> rows = {{.place = 0, .to_uint8 = to_uint8}};
  for (const auto& network : networks) rows.push_back(network.row);
  if (lpips) {
    rows.push_back({.place = lpips_place(networks.size()),
                    .name = fs::path(lpips->file).filename().string(),
                    .mode = "lpips",
                    .sha256 = lpips->sha});
  }
  for (auto& row : rows) row.to_uint8 = to_uint8;
  return rows;
}

void QualityTools::try_out(const Session& session) {
  const std::string& where = session.suite.quality.metrics_where;
  for (const auto& shape : image_shapes(session)) {
    for (const auto* metric : metrics) {
      const int64_t side = std::min(shape[2], shape[3]);
      if (side >= metric->least_pixels) continue;
      throw InputError(where + ": " + std::string(metric->name) + " needs images of at least " +
                       std::to_string(metric->least_pixels) + " pixels a side, and the model makes " +
                       std::to_string(side));
    }
    const auto grey = at::full(shape, 128, at::kByte);
    for (size_t i = 0; i < networks.size(); ++i) {
      auto& extractor = networks[i].extractor;
      const auto out = extractor.extract(grey);
      const auto& reference = references[i];
      const int64_t width = reference.reference.features->gaussian().mean.size(0);
      if (out.features.size(1) != width) {
        throw InputError(reference.file + ": holds " + std::to_string(width) + " features, the extractor " +
                         extractor.file() + " gives " + std::to_string(out.features.size(1)));
      }
      for (const auto* metric : metrics) {
        const std::string start = where + ": " + std::string(metric->name) + ": " + extractor.file() + " gives no ";
        if ((metric->needs & quality::kLogits) != 0 && !out.logits.defined()) throw InputError(start + "logits");
        if ((metric->needs & quality::kSpatial) != 0 && !out.spatial.defined()) {
          throw InputError(start + "spatial features");
        }
      }
    }
    if (lpips) {
      const auto pair = at::zeros(shape, at::kFloat);
      lpips->network(pair, pair);
    }
  }
}

std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device) {
  const auto& options = suite.quality;
  if (options.samples == 0) return std::nullopt;
  QualityTools tools;
  tools.metrics = quality::find_metrics(options.metrics, options.metrics_where);
  check_samples(tools.metrics, options);
  for (const auto& entry : options.extractors) {
    const int place = static_cast<int>(tools.networks.size()) + 1;
    quality::FeatureExtractor extractor(entry.extractor, device, {entry.extractor_where, suite.folder}, entry.mode);
    auto reference = load_reference(place, reference_file(suite, entry, extractor.file()));
    check_reference(tools.metrics, reference, options.metrics_where);
    results::ExtractorRow row{.place = place,
                              .name = own_name(tools, entry, reference),
                              .mode = entry.mode,
                              .sha256 = extractor.hash(),
                              .reference = reference.file,
                              .reference_sha = reference.sha};
    tools.networks.push_back({.extractor = std::move(extractor), .row = std::move(row)});
    tools.references.push_back(std::move(reference));
  }
  const bool needs_lpips = std::any_of(tools.metrics.begin(), tools.metrics.end(),
                                       [](const auto* metric) { return (metric->needs & quality::kPairNetwork) != 0; });
  if (needs_lpips && options.lpips.empty()) {
    throw InputError(options.metrics_where + ": lpips: names no network; give a TorchScript file as [quality] lpips");
  }
  if (!options.lpips.empty()) {
    tools.lpips = load_lpips(options.lpips, device, {options.lpips_where, suite.folder});
  }
  return tools;
}

}  // namespace diffbench::measure
