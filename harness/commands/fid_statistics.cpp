// diffbench fid-statistics SOURCE -o F.npz: mean and covariance of a set's features, to compare others with.

#include <ATen/ATen.h>
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "harness/commands/commands.h"
#include "harness/commands/sample_files.h"
#include "harness/quality/extractor.h"
#include "harness/quality/image_source.h"
#include "harness/quality/reference_statistics.h"
#include "methods/config/input_error.h"
#include "methods/model/compute.h"

namespace diffbench::commands {
namespace {

struct StatisticsOptions {
  std::string source;
  std::string out;
  std::string extractor;
  std::string mode = "plain";
  std::string device = "auto";
  int64_t keep = 0;
};

// statistics and the first rows, of one block after another
class Gatherer {
 public:
  explicit Gatherer(int64_t keep) : missing_(keep) {}

  void add(const at::Tensor& rows) {
    if (!statistics_) {  // a centre near the data, for the digits' sake
      statistics_.emplace(rows.mean(at::IntArrayRef{0}, false, at::kDouble));
    }
    statistics_->add(rows);
    const int64_t taken = std::min(missing_, rows.size(0));
    if (taken > 0) {
      kept_.push_back(rows.slice(0, 0, taken).clone());
      missing_ -= taken;
    }
  }

  int64_t count() const { return statistics_->count(); }
  quality::Gaussian gaussian() const { return statistics_->gaussian(); }
  at::Tensor kept() const { return kept_.empty() ? at::Tensor() : at::cat(kept_); }

 private:
  std::optional<quality::FeatureStatistics> statistics_;
  std::vector<at::Tensor> kept_;
  int64_t missing_;
};

void gather(const StatisticsOptions& options, const quality::SampleSet& set, Gatherer& gatherer) {
  if (set.features.defined()) {
    if (set.statistics) {  // its rows may be a part of what they are of
      throw config::InputError(set.file + ": holds statistics already; give the images or features that they are of");
    }
    gatherer.add(set.features);
    return;
  }
  if (quality::image_count(set) == 0) {
    throw config::InputError(set.file + ": holds no images and no features, so there is nothing to compute from");
  }
  if (options.extractor.empty()) {
    throw config::InputError(set.file + ": holds images; name what turns them into features with --extractor");
  }
  constexpr int64_t kBlock = 256;  // images in memory at a time
  quality::FeatureExtractor extractor(options.extractor, resolve_compute(options.device, "fp32").device,
                                      {"--extractor"}, options.mode);
  quality::for_each_image_block(set, kBlock,
                                [&](const at::Tensor& images) { gatherer.add(extractor.extract(images).features); });
}

void write(const StatisticsOptions& options) {
  const auto ending = std::filesystem::path(options.out).extension();
  const bool is_cache = ending == ".pt";
  if (ending != ".npz" && !is_cache) {
    throw config::InputError("--out " + options.out + ": must end in .npz, or in .pt as torch-fidelity's cache");
  }
  if (is_cache && options.keep > 0) {
    throw config::InputError("--keep-features: " + options.out + " holds statistics alone; --out F.npz keeps rows");
  }
  check_file_output("--out", options.out);
  const auto set = quality::load_samples(options.source, quality::Images::kListed);
  Gatherer gatherer(options.keep);
  gather(options, set, gatherer);
  if (gatherer.count() < 2) {
    throw config::InputError(set.file + ": holds one sample; a covariance needs at least 2");
  }
  const auto gaussian = gatherer.gaussian();
  quality::KeptRows kept{.features = gatherer.kept(), .spatial = set.spatial_statistics};
  if (kept.features.defined() && set.labels.defined()) {
    kept.labels = set.labels.slice(0, 0, kept.features.size(0));
  }
  if (is_cache) {
    quality::write_cached_statistics(options.out, gaussian);
  } else {
    quality::write_statistics(options.out, gaussian, kept);
  }
  fmt::print("{}: mean and covariance of {} rows of {} features, {} rows kept\n", options.out,
             gaussian.count.value_or(0), gaussian.mean.size(0), kept.features.defined() ? kept.features.size(0) : 0);
}

}  // namespace

void add_fid_statistics(Command program, int& exit_code) {
  auto options = std::make_shared<StatisticsOptions>();
  const Command command =
      program.add_subcommand("fid-statistics", "mean and covariance of a reference set's features, as a file");
  command
      .add_option("SOURCE", options->source,
                  "folder of PNG, JPEG or WebP images, or of one such folder per class; .npz or .safetensors with "
                  "images or features; fashion_mnist:train or fashion_mnist:test")
      .required();
  command.add_option("-o,--out", options->out, "statistics file to write: .npz, or .pt as torch-fidelity caches it")
      .required();
  command.add_option("--extractor", options->extractor, "zoo name or TorchScript file; only where SOURCE holds images");
  command
      .add_option("--mode", options->mode,
                  "what the extractor is given, as the tool of that name does it (diffbench list modes); NAME+bf16: "
                  "the network computes in bfloat16; of a run's "
                  "reference the same as [quality] mode")
      .capture_default_str();
  command.add_option("--keep-features", options->keep, "store the first K feature rows too, with labels where known")
      .at_least(0)
      .capture_default_str();
  command.add_option("--device", options->device, "auto | cpu | cuda | cuda:N").capture_default_str();
  command.footer(
      "Example: diffbench fid-statistics fashion_mnist:train -o train.npz --extractor fashion_mnist --keep-features "
      "10000\n"
      "         diffbench fid-statistics imagenet/val/ -o val.npz --extractor inception.pt --device cuda");
  command.callback([options, &exit_code] {
    write(*options);
    exit_code = 0;
  });
}

}  // namespace diffbench::commands
