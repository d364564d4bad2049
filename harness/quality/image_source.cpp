#include "harness/quality/image_source.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <future>

#include "harness/quality/reference_statistics.h"
#include "methods/config/input_error.h"
#include "methods/data/image_dataset.h"
#include "methods/data/image_decoders.h"
#include "methods/data/tensor_file.h"
#include "methods/model/model.h"
#include "methods/model/tensors.h"

namespace diffbench::quality {
namespace {

using config::InputError;

at::Tensor matrix(data::NamedTensors& tensors, const std::string& file, const char* name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    return {};
  }
  const std::string what = data::dtype_name(found->second.dtype) + (" " + found->second.shape_text());
  const auto values = to_tensor(std::move(found->second));
  if (!values.is_floating_point() || values.dim() != 2) {
    throw InputError(file + ": " + name + ": is " + what + ", expected real numbers [N, D]");
  }
  check_rows(values, file + ": " + name);
  return values;
}

at::Tensor images_of_npz(data::RawTensor& raw, const std::string& file) {
  if (raw.dtype != data::DType::u8 || raw.shape.size() != 4 || raw.element_count() == 0 || raw.shape[3] > 4) {
    throw InputError(file + ": arr_0: is " + data::dtype_name(raw.dtype) + " " + raw.shape_text() +
                     ", expected U8 [N, H, W, C]");
  }
  return to_tensor(std::move(raw)).permute({0, 3, 1, 2});
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

at::Tensor labels_of(const data::NamedTensors& tensors, const std::string& file, bool is_npz) {
  const auto found = tensors.find("labels");
  if (found == tensors.end()) {
    const auto adm = is_npz && tensors.contains("arr_0") ? tensors.find("arr_1") : tensors.end();  // as ADM writes them
    const bool usable = adm != tensors.end() && adm->second.dtype == data::DType::i64 && adm->second.shape.size() == 1;
    return usable ? to_tensor(adm->second) : at::Tensor();
  }
  if (found->second.dtype != data::DType::i64 || found->second.shape.size() != 1) {
    throw InputError(file + ": labels: is " + data::dtype_name(found->second.dtype) + " " + found->second.shape_text() +
                     ", expected I64 [N]");
  }
  return to_tensor(found->second);
}

void check_equal_counts(const SampleSet& set) {
  int64_t rows = -1;
  for (const auto& tensor : {set.images, set.features, set.spatial, set.logits, set.labels}) {
    if (!tensor.defined()) {
      continue;
    }
    if (rows >= 0 && tensor.size(0) != rows) {
      throw InputError(set.file + ": images, features, logits and labels are of " + std::to_string(rows) + " and " +
                       std::to_string(tensor.size(0)) + " samples");
    }
    rows = tensor.size(0);
  }
}

SampleSet load_file(const std::filesystem::path& path) {
  const auto extension = path.extension();
  const bool is_cache = extension == ".pt" || extension == ".pth";
  if (extension != ".npz" && extension != ".safetensors" && !is_cache) {
    throw InputError(path.string() +
                     ": expected a folder of images, a .npz or .safetensors file, or statistics in a .pt file" +
                     (data::has_image_ending(path) ? "; one image makes no set" : ""));
  }
  auto tensors = data::read_tensors(path);  // what is large moves out of it
  SampleSet set;
  set.file = path.string();
  set.features = matrix(tensors, set.file, "features");
  set.spatial = matrix(tensors, set.file, "spatial");
  set.logits = matrix(tensors, set.file, "logits");
  const bool is_npz = extension == ".npz";
  const auto images = tensors.find(is_npz ? "arr_0" : "samples");
  if (images != tensors.end()) {
    set.images = is_npz ? images_of_npz(images->second, set.file) : images_of_samples(images->second, set.file);
  }
  set.labels = labels_of(tensors, set.file, is_npz);
  if ((is_npz || is_cache) && (tensors.contains("mu") || tensors.contains("sigma"))) {
    set.statistics = statistics_from(tensors, set.file);
  }
  if (is_npz && (tensors.contains("mu_s") || tensors.contains("sigma_s"))) {
    set.spatial_statistics = statistics_from(tensors, set.file, data::kSpatialNames);
  }
  if (!set.images.defined() && !set.features.defined() && !set.statistics) {
    std::string names;
    for (const auto& [name, tensor] : tensors) {
      names += names.empty() ? name : ", " + name;
    }
    throw InputError(set.file + ": holds " + (names.empty() ? "no tensors" : names) + "; expected " +
                     (is_npz     ? "arr_0, features, or mu and sigma"
                      : is_cache ? "mu and sigma"
                                 : "samples or features"));
  }
  check_equal_counts(set);
  return set;
}

// NAME:SPLIT, or nothing where NAME is no data set that is known by its name alone
std::optional<SampleSet> named_data_set(const std::string& text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto names = data::dataset_names();
  if (colon == std::string::npos || name == "image_folder" || std::ranges::find(names, name) == names.end()) {
    return std::nullopt;
  }
  const auto dataset = data::load_dataset(name, {}, text.substr(colon + 1));
  SampleSet set;
  set.file = text;
  set.images = to_tensor(dataset.images);
  if (dataset.classes > 0) {
    set.labels = to_tensor(dataset.labels);
  }
  return set;
}

}  // namespace

SampleSet load_samples(const std::filesystem::path& path, Images images) {
  if (!std::filesystem::exists(path)) {
    if (auto set = named_data_set(path.string())) {
      return std::move(*set);
    }
    throw InputError(path.string() + ": no such file or folder");
  }
  if (!std::filesystem::is_directory(path)) {
    return load_file(path);
  }
  SampleSet set;
  set.file = path.string();
  auto folder = std::make_shared<const data::ImageFolder>(data::list_image_folder(path));
  if (folder->classes > 0) {
    set.labels = at::tensor(folder->labels, at::TensorOptions(at::kLong));
  }
  if (images == Images::kListed) {
    set.listed_images = std::move(folder);
  } else {
    set.images = to_tensor(data::read_images(*folder, 0, folder->files.size()));
  }
  return set;
}

int64_t image_count(const SampleSet& set) {
  if (set.listed_images) {
    return static_cast<int64_t>(set.listed_images->files.size());
  }
  return set.images.defined() ? set.images.size(0) : 0;
}

void for_each_image_block(const SampleSet& set, int64_t rows,
                          const std::function<void(const at::Tensor& images)>& use) {
  const int64_t count = image_count(set);
  if (!set.listed_images) {
    for (int64_t first = 0; first < count; first += rows) {
      use(set.images.narrow(0, first, std::min(rows, count - first)));
    }
    return;
  }
  const auto decode = [&](int64_t first) {
    return std::async(std::launch::async, [&folder = *set.listed_images, first, rows] {
      return data::read_images(folder, static_cast<size_t>(first), static_cast<size_t>(rows));
    });
  };
  auto next = count > 0 ? decode(0) : std::future<data::RawTensor>();
  for (int64_t first = 0; first < count; first += rows) {
    const auto images = to_tensor(next.get());
    if (first + rows < count) next = decode(first + rows);
    use(images);
  }
}

}  // namespace diffbench::quality
