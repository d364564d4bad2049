#pragma once
// One image in memory, as the decoders give it and write_png takes it.
//
//   Image image = read_image("photo.jpg");   // methods/data/image_decoders.h
//   const uint8_t red = image.pixels[static_cast<size_t>(3 * (y * image.width + x))];

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::data {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;             // 1 or 3
  std::vector<uint8_t> pixels;  // height x width x channels

  size_t pixel_bytes() const;     // what `pixels` must hold
  std::string size_text() const;  // "32 x 32 x 3"
};

// Before a decoder allocates: refuses what a header claims if `format` cannot pack it into a file of so many bytes, and
// whatever Pillow takes for a decompression bomb. `pixels_per_byte` is the most that the format packs into a byte.
void check_claimed_size(uint64_t width, uint64_t height, uint64_t file_bytes, uint64_t pixels_per_byte,
                        std::string_view format, std::string_view file);

}  // namespace diffbench::data
