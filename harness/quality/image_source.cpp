#include "harness/quality/image_source.h"

#include <ATen/ATen.h>

#include "harness/quality/reference_statistics.h"
#include "methods/config/input_error.h"
#include "methods/data/image_dataset.h"
#include "methods/data/tensor_file.h"
#include "methods/model/model.h"
#include "methods/model/tensors.h"

namespace diffbench::quality {
namespace {

using config::InputError;

at::Tensor matrix(const data::NamedTensors& tensors, const std::string& file, const char* name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    return {};
  }
  const auto values = to_tensor(found->second);
  if (!values.is_floating_point() || values.dim() != 2) {
    throw InputError(file + ": " + name + ": is " + data::dtype_name(found->second.dtype) + " " +
                     found->second.shape_text() + ", expected real numbers [N, D]");
  }
  checked_rows(values, file + ": " + name);
  return values;
}

at::Tensor images_of_npz(const data::RawTensor& raw, const std::string& file) {
  if (raw.dtype != data::DType::u8 || raw.shape.size() != 4 || raw.element_count() == 0 || raw.shape[3] > 4) {
    throw InputError(file + ": arr_0: is " + data::dtype_name(raw.dtype) + " " + raw.shape_text() +
                     ", expected U8 [N, H, W, C]");
  }
  return to_tensor(raw).permute({0, 3, 1, 2});
}

at::Tensor images_of_samples(const data::RawTensor& raw, const std::string& file) {
  const auto samples = to_tensor(raw);
  if (!samples.is_floating_point() || samples.dim() != 4 || samples.numel() == 0) {
    throw InputError(file + ": samples: is " + data::dtype_name(raw.dtype) + " " + raw.shape_text() +
                     ", expected real numbers [N, C, H, W]");
  }
  if (!at::isfinite(samples).all().item<bool>()) {
    throw InputError(file + ": samples: hold NaN or infinity");
  }
  return to_uint8(samples, ImageSpec{});
}

void check_equal_counts(const SampleSet& set) {
  int64_t rows = -1;
  for (const auto& tensor : {set.images, set.features, set.logits}) {
    if (!tensor.defined()) {
      continue;
    }
    if (rows >= 0 && tensor.size(0) != rows) {
      throw InputError(set.file + ": images, features and logits are of " + std::to_string(rows) + " and " +
                       std::to_string(tensor.size(0)) + " samples");
    }
    rows = tensor.size(0);
  }
}

SampleSet load_file(const std::filesystem::path& path) {
  const auto extension = path.extension();
  if (extension != ".npz" && extension != ".safetensors") {
    throw InputError(path.string() + ": expected a folder of PNG images, a .npz or a .safetensors file");
  }
  const auto tensors = data::read_tensors(path);
  SampleSet set;
  set.file = path.string();
  set.features = matrix(tensors, set.file, "features");
  set.logits = matrix(tensors, set.file, "logits");
  const bool is_npz = extension == ".npz";
  const auto images = tensors.find(is_npz ? "arr_0" : "samples");
  if (images != tensors.end()) {
    set.images = is_npz ? images_of_npz(images->second, set.file) : images_of_samples(images->second, set.file);
  }
  if (is_npz && (tensors.contains("mu") || tensors.contains("sigma"))) {
    set.statistics = statistics_from(tensors, set.file);
  }
  if (!set.images.defined() && !set.features.defined() && !set.statistics) {
    std::string names;
    for (const auto& [name, tensor] : tensors) {
      names += names.empty() ? name : ", " + name;
    }
    throw InputError(set.file + ": holds " + (names.empty() ? "no tensors" : names) + "; expected " +
                     (is_npz ? "arr_0, features, or mu and sigma" : "samples or features"));
  }
  check_equal_counts(set);
  return set;
}

}  // namespace

SampleSet load_samples(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) {
    throw InputError(path.string() + ": no such file or folder");
  }
  if (!std::filesystem::is_directory(path)) {
    return load_file(path);
  }
  SampleSet set;
  set.file = path.string();
  set.images = to_tensor(data::load_dataset("image_folder", path, "all").images);
  return set;
}

}  // namespace diffbench::quality
