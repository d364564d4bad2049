#include "methods/data/image_dataset.h"

#include <algorithm>
#include <functional>

#include "methods/config/nearest.h"
#include "methods/data/file_io.h"
#include "methods/data/idx.h"
#include "methods/data/image_folder.h"

namespace diffbench::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFashionMnistDir = "/usr/share/datasets/fashion-mnist";
constexpr int64_t kFashionMnistClasses = 10;

fs::path find_idx(const fs::path& dir, const std::string& name) {
  for (const char* ending : {".gz", ""}) {
    fs::path path = dir / (name + ending);
    if (fs::exists(path)) {
      return path;
    }
  }
  throw bad_file((dir / (name + ".gz")).string(),
                 "no such file; install the Debian package dataset-fashion-mnist, or give the folder with the four "
                 "idx files: --data DIR");
}

ImageDataset load_fashion_mnist(const fs::path& given_dir, std::string_view split) {
  if (split != "train" && split != "test") {
    throw config::InputError("fashion_mnist: " + config::unknown_name("split", split, {"train", "test"}));
  }
  const fs::path dir = given_dir.empty() ? fs::path(kFashionMnistDir) : given_dir;
  const std::string prefix = split == "train" ? "train" : "t10k";
  const fs::path image_file = find_idx(dir, prefix + "-images-idx3-ubyte");
  const fs::path label_file = find_idx(dir, prefix + "-labels-idx1-ubyte");

  ImageDataset dataset;
  dataset.classes = kFashionMnistClasses;
  dataset.images = read_idx(image_file);
  auto& shape = dataset.images.shape;
  if (shape.size() != 3 || shape[0] == 0) {
    throw bad_file(image_file.string(), "must hold images [N, H, W], holds " + dataset.images.shape_text());
  }
  shape.insert(shape.begin() + 1, 1);

  const RawTensor labels = read_idx(label_file);
  if (labels.shape != std::vector<int64_t>{shape[0]}) {
    throw bad_file(label_file.string(),
                   "must hold " + std::to_string(shape[0]) + " labels, one per image, holds " + labels.shape_text());
  }
  const auto values = labels.as<uint8_t>();
  if (std::any_of(values.begin(), values.end(), [](uint8_t label) { return label >= kFashionMnistClasses; })) {
    throw bad_file(label_file.string(), "holds labels above 9");
  }
  dataset.labels = RawTensor::make(DType::i64, labels.shape);
  std::copy(values.begin(), values.end(), dataset.labels.as<int64_t>().begin());
  return dataset;
}

struct Source {
  const char* name;
  ImageDataset (*load)(const fs::path& dir, std::string_view split);
};

constexpr Source kSources[] = {
    {"fashion_mnist", load_fashion_mnist},
    {"image_folder", load_image_folder},
};

}  // namespace

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const auto& source : kSources) {
    names.emplace_back(source.name);
  }
  return names;
}

ImageDataset load_dataset(std::string_view name, const fs::path& dir, std::string_view split) {
  for (const auto& source : kSources) {
    if (name == source.name) {
      return source.load(dir, split);
    }
  }
  throw config::InputError(config::unknown_name("data set", name, dataset_names()));
}

}  // namespace diffbench::data
