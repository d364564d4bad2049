#include "harness/quality/reference_statistics.h"

#include <ATen/ATen.h>

#include <string>

#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/model/tensors.h"

namespace diffbench::quality {
namespace {

at::Tensor real_numbers(const data::NamedTensors& tensors, const std::string& file, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw config::InputError(file + ": " + name + ": missing; statistics are a mean [D] and a covariance [D, D]");
  }
  auto values = to_tensor(found->second);
  if (!values.is_floating_point()) {
    throw config::InputError(file + ": " + name + ": holds " + data::dtype_name(found->second.dtype) +
                             ", expected real numbers");
  }
  return values.to(at::kDouble);
}

}  // namespace

Gaussian statistics_from(const data::NamedTensors& tensors, const std::string& file, const StatisticsNames& names) {
  const std::string mu = names.mean;
  const std::string sigma = names.covariance;
  Gaussian gaussian{real_numbers(tensors, file, mu), real_numbers(tensors, file, sigma), std::nullopt};
  const auto& [mean, covariance, count] = gaussian;
  if (mean.dim() != 1 || covariance.dim() != 2 || covariance.size(0) != mean.size(0) ||
      covariance.size(1) != mean.size(0)) {
    throw config::InputError(file + ": " + sigma + ": " + mu + " is " + c10::str(mean.sizes()) + " and " + sigma + " " +
                             c10::str(covariance.sizes()) + ", expected [D] and [D, D]");
  }
  if (!at::isfinite(mean).all().item<bool>() || !at::isfinite(covariance).all().item<bool>()) {
    throw config::InputError(file + ": " + mu + ", " + sigma + ": hold NaN or infinity");
  }
  const auto n = tensors.find("n");
  if (n != tensors.end()) {
    const auto value = to_tensor(n->second);
    if (value.numel() != 1 || value.is_floating_point() || value.to(at::kLong).item<int64_t>() < 2) {
      throw config::InputError(file + ": n: expected one whole number of at least 2");
    }
    gaussian.count = value.to(at::kLong).item<int64_t>();
  }
  return gaussian;
}

Gaussian read_statistics(const std::filesystem::path& path) {
  return statistics_from(data::read_npz(path), path.string());
}

void write_statistics(const std::filesystem::path& path, const Gaussian& gaussian, const KeptRows& kept) {
  data::NamedTensors tensors{{"mu", to_raw(gaussian.mean)}, {"sigma", to_raw(gaussian.covariance)}};
  if (gaussian.count) {
    tensors.emplace("n", to_raw(at::scalar_tensor(*gaussian.count, at::kLong)));
  }
  if (kept.spatial) {
    tensors.emplace(kSpatialNames.mean, to_raw(kept.spatial->mean));
    tensors.emplace(kSpatialNames.covariance, to_raw(kept.spatial->covariance));
  }
  if (kept.features.defined()) {
    tensors.emplace("features", to_raw(kept.features));
  }
  if (kept.labels.defined()) {
    tensors.emplace("labels", to_raw(kept.labels));
  }
  data::write_npz(path, tensors);
}

}  // namespace diffbench::quality
