#pragma once
// Image data sets, whole in memory.
//
//   ImageDataset train = load_dataset("fashion_mnist", {}, "train");        // from Debian's dataset-fashion-mnist
//   ImageDataset mine = load_dataset("image_folder", "/data/flowers", "all");
//
// fashion_mnist   splits train (60000) and test (10000), 1 x 28 x 28, 10 classes. `dir` holds the four idx files,
//                 gzipped or not; empty: where the Debian package dataset-fashion-mnist puts them.
// image_folder    images of one size, as methods/data/image_folder.h lists them: directly in the folder (no labels,
//                 classes 0), or one sub-folder per class, the sorted sub-folders being classes 0, 1, ... Split "all"
//                 (or empty) reads `dir`, any other split the sub-folder of that name.
// Unknown names and splits, missing files and images of unequal size are InputErrors of one line.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

struct ImageDataset {
  RawTensor images;     // u8 [N, C, H, W]
  RawTensor labels;     // i64 [N], below `classes`; all 0 when the source has none
  int64_t classes = 0;  // 0: the source has no labels
};

ImageDataset load_dataset(std::string_view name, const std::filesystem::path& dir, std::string_view split);

std::vector<std::string> dataset_names();

}  // namespace diffbench::data
