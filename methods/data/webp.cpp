#include "methods/data/webp.h"

#include <webp/decode.h>

#include "methods/data/file_io.h"

namespace diffbench::data {

Image parse_webp(std::span<const std::byte> bytes, const std::string& file) {
  // one colour packs into nothing at all, so this bound is what images need and no property of the format
  constexpr uint64_t kPixelsPerByte = uint64_t{1} << 16;
  constexpr int kChannels = 3;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK) {
    throw bad_file(file, "damaged or truncated WebP file");
  }
  if (features.has_animation != 0) {
    throw bad_file(file, "an animated WebP file; give its frames as files of their own");
  }
  check_claimed_size(static_cast<uint64_t>(features.width), static_cast<uint64_t>(features.height), bytes.size(),
                     kPixelsPerByte, "WebP", file);
  Image image{features.width, features.height, kChannels, {}};
  image.pixels.resize(image.pixel_bytes());
  if (WebPDecodeRGBInto(data, bytes.size(), image.pixels.data(), image.pixels.size(), image.width * kChannels) ==
      nullptr) {
    throw bad_file(file, "damaged or truncated WebP file");
  }
  return image;
}

}  // namespace diffbench::data
