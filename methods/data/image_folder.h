#pragma once
// Folders of images, listed first and decoded piece by piece: memory does not grow with their number.
//
//   ImageFolder folder = list_image_folder("imagenet/val");
//   for (size_t first = 0; first < folder.files.size(); first += 256) {
//     RawTensor images = read_images(folder, first, 256);   // u8 [256 or what is left, C, H, W]
//   }
//
// Either the images lie in the folder (no labels, classes 0), or its sorted sub-folders are the classes 0, 1, ... and
// hold images at any depth. The order is that of the sorted paths, so it is the same on every machine. Hidden entries,
// other files, and links to folders below a class are passed over. Endings and formats: methods/data/image_decoders.h.
// Bad input (an empty folder, images of unequal size or channels) is an InputError of one line that names file or
// folder.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "methods/data/image_dataset.h"

namespace diffbench::data {

struct ImageFolder {
  std::filesystem::path root;
  std::vector<std::filesystem::path> files;  // at least one
  std::vector<int64_t> labels;               // one per file; all 0 without classes
  int64_t classes = 0;
};

ImageFolder list_image_folder(const std::filesystem::path& root);

// files first to first + count, or to the last; all of them must be of the size of the folder's first file
RawTensor read_images(const ImageFolder& folder, size_t first, size_t count);

// the `image_folder` data set, whole; see methods/data/image_dataset.h
ImageDataset load_image_folder(const std::filesystem::path& dir, std::string_view split);

}  // namespace diffbench::data
