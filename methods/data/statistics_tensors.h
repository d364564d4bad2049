#pragma once
// Mean and covariance of features among the tensors of a file: which they are, and whether they are real numbers [D]
// and [D, D]. What the numbers are is the caller's to check.
//
//   const NamedTensors file = read_tensors("train.npz");
//   const StatisticsTensors found = find_statistics(file, "train.npz");   // found.mean->shape[0] features
//
// InputError of one line: one is missing, of another type or shape, or `n`, where it is there, is no count.

#include <cstdint>
#include <optional>
#include <string>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

struct StatisticsNames {
  const char* mean = "mu";
  const char* covariance = "sigma";
};
inline constexpr StatisticsNames kSpatialNames{"mu_s", "sigma_s"};  // of ADM's spatial features

struct StatisticsTensors {
  const RawTensor* mean = nullptr;  // live as long as the tensors that were given
  const RawTensor* covariance = nullptr;
  std::optional<int64_t> count{};  // rows behind them, where known: at least 2
};

StatisticsTensors find_statistics(const NamedTensors& tensors, const std::string& file,
                                  const StatisticsNames& names = {});

}  // namespace diffbench::data
