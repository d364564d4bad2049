#include "methods/data/png.h"

#define STBI_NO_STDIO
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "methods/data/byte_reader.h"

namespace diffbench::data {
namespace {

// refuses a header that claims more pixels than deflate could have packed into the file
void check_size(ByteReader header, size_t file_bytes, const std::string& file) {
  constexpr uint64_t kDeflateLimit = 1032;
  constexpr uint64_t kPixelsPerByte = 8;  // one bit each
  const uint64_t width = header.big_endian<uint32_t>();
  const uint64_t height = header.big_endian<uint32_t>();
  check_claimed_size(width, height, file_bytes, kDeflateLimit * kPixelsPerByte, "PNG", file);
}

// stb verifies no checksums, reads some truncated files, and trips over empty data chunks
void check_chunks(std::span<const std::byte> bytes, const std::string& file) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  constexpr size_t kName_bytes = 4;
  constexpr size_t kHeader_bytes = 13;
  ByteReader in(bytes, file);
  if (bytes.size() < kSignature.size() || in.take_text(kSignature.size()) != kSignature) {
    throw bad_file(file, "not a PNG file");
  }
  std::string_view name;
  for (bool first = true; name != "IEND"; first = false) {
    const size_t size = in.big_endian<uint32_t>();
    const auto chunk = in.take(kName_bytes + size);
    name = {reinterpret_cast<const char*>(chunk.data()), kName_bytes};
    const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(chunk.data()), chunk.size());
    if (in.big_endian<uint32_t>() != checksum || first != (name == "IHDR") || (first && size != kHeader_bytes) ||
        (size == 0 && name == "IDAT")) {
      throw bad_file(file, "damaged PNG file");
    }
    if (first) {
      check_size(ByteReader(chunk.subspan(kName_bytes), file), bytes.size(), file);
    }
  }
}

// depth and colour type stand behind width and height; check_chunks has seen the whole header
bool is_grey16(std::span<const std::byte> bytes) {
  constexpr size_t kDepthAt = 24;
  return bytes[kDepthAt] == std::byte{16} && bytes[kDepthAt + 1] == std::byte{0};
}

// Pillow opens these as I;16, and its conversion cuts off what 8 bits cannot hold instead of scaling it
Image decode_grey16(const stbi_uc* data, int size, Image image, const std::string& file) {
  int stored_channels = 0;
  const std::unique_ptr<stbi_us, void (*)(void*)> pixels(
      stbi_load_16_from_memory(data, size, &image.width, &image.height, &stored_channels, 1), stbi_image_free);
  if (pixels == nullptr) {
    throw bad_file(file, "damaged PNG file");
  }
  image.pixels.resize(image.pixel_bytes());
  std::transform(pixels.get(), pixels.get() + image.pixels.size(), image.pixels.begin(),
                 [](stbi_us value) { return static_cast<uint8_t>(std::min<stbi_us>(value, 255)); });
  return image;
}

}  // namespace

Image parse_png(std::span<const std::byte> bytes, const std::string& file) {
  check_chunks(bytes, file);
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw bad_file(file, "PNG files above 2 GiB are not supported");
  }
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const auto size = static_cast<int>(bytes.size());
  Image image;
  int stored_channels = 0;
  if (stbi_info_from_memory(data, size, &image.width, &image.height, &stored_channels) == 0) {
    throw bad_file(file, "damaged PNG file");
  }
  image.channels = stored_channels <= 2 ? 1 : 3;
  if (is_grey16(bytes)) {
    return decode_grey16(data, size, std::move(image), file);
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &image.width, &image.height, &stored_channels, image.channels),
      stbi_image_free);
  if (pixels == nullptr) {
    throw bad_file(file, "damaged PNG file");
  }
  image.pixels.assign(pixels.get(), pixels.get() + image.pixel_bytes());
  return image;
}

Image read_png(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_png(file.bytes(), path.string());
}

void write_png(const std::filesystem::path& path, const Image& image) {
  std::vector<std::byte> encoded;
  const auto append = [](void* context, void* data, int size) {
    const auto* first = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(context)->insert(static_cast<std::vector<std::byte>*>(context)->end(), first,
                                                          first + size);
  };
  if (stbi_write_png_to_func(append, &encoded, image.width, image.height, image.channels, image.pixels.data(),
                             image.width * image.channels) == 0) {
    throw std::runtime_error(path.string() + ": stb cannot encode this image");
  }
  write_file(path, encoded);
}

namespace {

// copies row `index` of the batch into `target` with its top left corner at (x, y)
void place(const RawTensor& batch, int64_t index, Image& target, int x, int y) {
  const auto height = static_cast<int>(batch.shape[2]);
  const auto width = static_cast<int>(batch.shape[3]);
  const auto plane = static_cast<size_t>(height) * static_cast<size_t>(width);
  const auto source = batch.as<uint8_t>().subspan(static_cast<size_t>(index * batch.shape[1]) * plane);
  for (int channel = 0; channel < target.channels; ++channel) {
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        const auto from = static_cast<size_t>(channel) * plane + static_cast<size_t>(row * width + column);
        const auto to =
            (static_cast<size_t>(y + row) * static_cast<size_t>(target.width) + static_cast<size_t>(x + column)) *
                static_cast<size_t>(target.channels) +
            static_cast<size_t>(channel);
        target.pixels[to] = source[from];
      }
    }
  }
}

void check_batch(const RawTensor& batch) {
  if (batch.dtype != DType::u8 || batch.shape.size() != 4 || (batch.shape[1] != 1 && batch.shape[1] != 3)) {
    throw std::invalid_argument("an image batch is u8 [N, 1 or 3, H, W], not " + std::string(dtype_name(batch.dtype)) +
                                " " + batch.shape_text());
  }
}

Image white(int64_t width, int64_t height, int64_t channels) {
  return {static_cast<int>(width), static_cast<int>(height), static_cast<int>(channels),
          std::vector<uint8_t>(static_cast<size_t>(width * height * channels), 255)};
}

}  // namespace

Image image_of(const RawTensor& batch, int64_t index) {
  check_batch(batch);
  if (index < 0 || index >= batch.shape[0]) {
    throw std::out_of_range("image " + std::to_string(index) + " of a batch " + batch.shape_text());
  }
  Image image = white(batch.shape[3], batch.shape[2], batch.shape[1]);
  place(batch, index, image, 0, 0);
  return image;
}

Image image_grid(const RawTensor& batch, int columns, int gap) {
  check_batch(batch);
  if (columns < 1 || gap < 0 || batch.shape[0] < 1) {
    throw std::invalid_argument("an image grid needs images and at least one column");
  }
  const int64_t used_columns = std::min<int64_t>(columns, batch.shape[0]);
  const int64_t rows = (batch.shape[0] + used_columns - 1) / used_columns;
  const int64_t step_x = batch.shape[3] + gap;
  const int64_t step_y = batch.shape[2] + gap;
  Image grid = white(used_columns * step_x - gap, rows * step_y - gap, batch.shape[1]);
  for (int64_t i = 0; i < batch.shape[0]; ++i) {
    place(batch, i, grid, static_cast<int>(i % used_columns * step_x), static_cast<int>(i / used_columns * step_y));
  }
  return grid;
}

}  // namespace diffbench::data
