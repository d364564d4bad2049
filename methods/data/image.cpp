#include "methods/data/image.h"

#include "methods/data/file_io.h"

namespace diffbench::data {

size_t Image::pixel_bytes() const {
  return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels);
}

std::string Image::size_text() const {
  return std::to_string(width) + " x " + std::to_string(height) + " x " + std::to_string(channels);
}

void check_claimed_size(uint64_t width, uint64_t height, uint64_t file_bytes, uint64_t pixels_per_byte,
                        std::string_view format, std::string_view file) {
  constexpr uint64_t kLargestSide = uint64_t{1} << 31;  // keeps the product below 2^62
  constexpr uint64_t kPillowsLimit = 178'956'970;       // twice Image.MAX_IMAGE_PIXELS
  if (width == 0 || height == 0 || width >= kLargestSide || height >= kLargestSide ||
      width * height > file_bytes * pixels_per_byte) {
    throw bad_file(file, "this " + std::string(format) + " file cannot hold the " + std::to_string(width) + " x " +
                             std::to_string(height) + " pixels that its header claims");
  }
  if (width * height > kPillowsLimit) {
    throw bad_file(file, std::to_string(width) + " x " + std::to_string(height) + " pixels; the most read is " +
                             std::to_string(kPillowsLimit) + ", as in Pillow");
  }
}

}  // namespace diffbench::data
