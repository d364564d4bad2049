#include "harness/quality/reference_statistics.h"

#include <ATen/ATen.h>

#include <string>

#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/data/pth.h"
#include "methods/model/tensors.h"

namespace diffbench::quality {

Gaussian statistics_from(const data::NamedTensors& tensors, const std::string& file,
                         const data::StatisticsNames& names) {
  const auto found = data::find_statistics(tensors, file, names);
  const auto numbers = [](const data::RawTensor& tensor) { return to_tensor(tensor).to(at::kDouble); };
  Gaussian gaussian{numbers(*found.mean), numbers(*found.covariance), found.count};
  if (!at::isfinite(gaussian.mean).all().item<bool>() || !at::isfinite(gaussian.covariance).all().item<bool>()) {
    throw config::InputError(file + ": " + names.mean + ", " + names.covariance + ": hold NaN or infinity");
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
    tensors.emplace(data::kSpatialNames.mean, to_raw(kept.spatial->mean));
    tensors.emplace(data::kSpatialNames.covariance, to_raw(kept.spatial->covariance));
  }
  if (kept.features.defined()) {
    tensors.emplace("features", to_raw(kept.features));
  }
  if (kept.labels.defined()) {
    tensors.emplace("labels", to_raw(kept.labels));
  }
  data::write_npz(path, tensors);
}

void write_cached_statistics(const std::filesystem::path& path, const Gaussian& gaussian) {
  data::write_pth(path, {{"mu", to_raw(gaussian.mean.to(at::kFloat))}, {"sigma", to_raw(gaussian.covariance)}});
}

}  // namespace diffbench::quality
