#include "harness/commands/calibrate_cache.h"

#include <fmt/core.h>

#include <iostream>
#include <numeric>

#include "harness/commands/sample_files.h"
#include "methods/caches/calibration.h"
#include "methods/caches/trajectory_profile.h"
#include "methods/config/input_error.h"
#include "methods/sampling/noise.h"
#include "methods/sampling/sampling_conditions.h"

namespace diffbench::commands {
namespace {

constexpr int64_t kDegree = 4;  // of TeaCache's polynomials

caches::TrajectoryProfile profile_of(const ModelCalibration& options, int64_t lags, const Model& model,
                                     const Sampler& sampler, const Guidance& guidance) {
  caches::TrajectoryProfile profile;
  const auto denoiser =
      guide(std::make_unique<caches::ProfilingDenoiser>(model.network.backbone, model.network.channels, lags, profile),
            guidance, model, "--guidance");
  denoiser->prepare({.rows = options.batch, .times = times_of(sampler.plan())}, nullptr);
  for (int64_t first = 0; first < options.units; first += options.batch) {
    std::vector<int64_t> samples(static_cast<size_t>(std::min(options.batch, options.units - first)));
    std::iota(samples.begin(), samples.end(), first);
    const auto& network = model.network;
    PhiloxNoise noise(options.seed, samples, {network.channels, network.image_size, network.image_size}, model.compute);
    Trace trace;
    sampler.run(*denoiser, noise, default_labels(samples, model.network.classes, model.compute), trace);
  }
  return profile;
}

std::vector<std::vector<double>> means(std::vector<std::vector<double>> sums, int64_t count) {
  for (auto& lag : sums) {
    for (auto& value : lag) value /= static_cast<double>(count);
  }
  return sums;
}

// a character for each branch, attention and MLP of each block in turn
std::vector<std::string> masks(const caches::TrajectoryProfile& profile, double threshold, int64_t places, int blocks) {
  std::vector<std::vector<bool>> kinds;
  for (const auto& sums : profile.branch_change) {
    kinds.push_back(caches::smooth_timetable(means(sums, profile.rows), threshold, places));
  }
  std::vector<std::string> runs;
  for (size_t place = 0; place < static_cast<size_t>(places); ++place) {
    std::string mask;
    for (int block = 0; block < blocks; ++block) {
      for (const auto& kind : kinds) mask += kind[place] ? '1' : '0';
    }
    runs.push_back(mask);
  }
  return runs;
}

}  // namespace

void add_cache_calibration(Command command, CacheCalibration& options) {
  const Option model = command.option("--model");
  command.add_flag("--teacache", options.teacache, "fit tea_cache's polynomial on whole trajectories; with --out")
      .needs(model);
  command.add_flag("--magcache", options.magcache, "measure mag_cache's ratios on whole trajectories; with --out")
      .needs(model);
  command
      .add_option("--smoothcache", options.smoothcache,
                  "layer_mask's table: branches are skipped while their relative change is at most so much; with --out")
      .needs(model);
  command.add_option("--lookahead", options.lookahead, "most skips in a row that --smoothcache may plan")
      .capture_default_str()
      .at_least(1);
}

void calibrate_cache(const CacheCalibration& options, const ModelCalibration& model_options) {
  if (static_cast<int>(options.teacache) + static_cast<int>(options.magcache) +
          static_cast<int>(options.smoothcache.has_value()) !=
      1) {
    throw config::InputError("--teacache, --magcache, --smoothcache: one at a time");
  }
  if (!model_options.sampling.guidance_interval.empty()) {
    throw config::InputError(
        "--guidance-interval: changes of a cache are measured under guidance everywhere, or nowhere");
  }
  if (model_options.out.empty()) throw config::InputError("--out: the file to write is missing");
  check_file_output("--out", model_options.out);
  const auto model = load(model_options.model);
  const auto& backbone = *model->network.backbone;
  if (!backbone.has_branches()) {
    throw config::InputError("--model: the network of '" + model->name + "' is not made of transformer blocks");
  }
  const Sampler sampler = make_sampler(model_options.sampling, *model);
  const Guidance guidance = guidance_of(model_options.sampling);
  const auto profile = profile_of(model_options, options.lookahead, *model, sampler, guidance);

  caches::Timetable times;
  times.prepare(times_of(sampler.plan()));
  caches::Calibration calibration{.model = model->fingerprint,
                                  .conditions = sampling_conditions(sampler.plan(), guidance, model->compute),
                                  .places = times.count()};
  if (options.teacache) {
    calibration.method = "tea_cache";
    calibration.coefficients = caches::fit_polynomial(profile.input_change, profile.output_change, kDegree);
  } else if (options.magcache) {
    calibration.method = "mag_cache";
    for (const double sum : profile.magnitude_ratio) {
      calibration.ratios.push_back(sum / static_cast<double>(profile.rows));
    }
  } else {
    calibration.method = "layer_mask";
    calibration.runs = masks(profile, *options.smoothcache, times.count(), backbone.block_count());
  }
  caches::write_calibration(calibration, model_options.out);
  fmt::print("{}: {} for {} places of {}\n", model_options.out, calibration.method, times.count(), model->name);
}

}  // namespace diffbench::commands
