#pragma once
// Mean and covariance of a reference set as a file: `.npz` with mu [D] and sigma [D, D] (pytorch-fid, EDM, U-ViT write
// the same) and, where known, n (i64, no dimensions) rows behind them.
//
//   write_statistics("train.npz", gaussian_of(features));
//   Gaussian reference = read_statistics("train.npz");
//
// Every failure is an InputError of one line that starts with the path.

#include <filesystem>

#include "harness/quality/feature_statistics.h"
#include "methods/data/raw_tensor.h"

namespace diffbench::quality {

Gaussian read_statistics(const std::filesystem::path& path);
void write_statistics(const std::filesystem::path& path, const Gaussian& gaussian);  // float64

// the same from tensors already read; `file` is what messages call them
Gaussian statistics_from(const data::NamedTensors& tensors, const std::string& file);

}  // namespace diffbench::quality
