#pragma once
// Mean and covariance of a reference set as a file: `.npz` with mu [D] and sigma [D, D] (pytorch-fid, EDM, U-ViT write
// the same) and, where known, n (i64, no dimensions) rows behind them. ADM's mu_s and sigma_s are those of its spatial
// features.
//
//   write_statistics("train.npz", gaussian_of(features));
//   Gaussian reference = read_statistics("train.npz");
//
// Every failure is an InputError of one line that starts with the path.

#include <filesystem>
#include <optional>

#include "harness/quality/feature_statistics.h"
#include "methods/data/raw_tensor.h"
#include "methods/data/statistics_tensors.h"

namespace diffbench::quality {

Gaussian read_statistics(const std::filesystem::path& path);

// what a file may hold beside mean and covariance
struct KeptRows {
  at::Tensor features{};              // [K, D]: the first rows, for metrics that want rows
  at::Tensor labels{};                // i64 [K], of the same rows
  std::optional<Gaussian> spatial{};  // mu_s, sigma_s
};

void write_statistics(const std::filesystem::path& path, const Gaussian& gaussian,
                      const KeptRows& kept = {});  // statistics in float64

// A .pt as torch-fidelity caches it: mu in float32, which it insists on, sigma in float64, and nothing else.
void write_cached_statistics(const std::filesystem::path& path, const Gaussian& gaussian);

// the same from tensors already read; `file` is what messages call them
Gaussian statistics_from(const data::NamedTensors& tensors, const std::string& file,
                         const data::StatisticsNames& names = {});

}  // namespace diffbench::quality
