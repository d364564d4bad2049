#pragma once
// The `image_folder` data set; see methods/data/image_dataset.h.

#include <filesystem>
#include <string_view>

#include "methods/data/image_dataset.h"

namespace diffbench::data {

ImageDataset load_image_folder(const std::filesystem::path& dir, std::string_view split);

}  // namespace diffbench::data
