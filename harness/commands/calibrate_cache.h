#pragma once
// `diffbench calibrate --teacache | --magcache | --smoothcache ALPHA`: what a cache learns of a network from whole
// trajectories, as a file.
//
//   add_cache_calibration(command, options->cache);
//   if (options->cache.is_asked()) calibrate_cache(options->cache, options->model);

#include "harness/commands/calibrate_model.h"

namespace diffbench::commands {

struct CacheCalibration {
  bool teacache = false;
  bool magcache = false;
  std::optional<double> smoothcache;
  int64_t lookahead = 3;

  bool is_asked() const { return teacache || magcache || smoothcache.has_value(); }
};

// after add_model_calibration, whose model, sampling, --num, --batch, --seed and --out it reads
void add_cache_calibration(Command command, CacheCalibration& options);

// InputErrors name the flag
void calibrate_cache(const CacheCalibration& options, const ModelCalibration& model);

}  // namespace diffbench::commands
