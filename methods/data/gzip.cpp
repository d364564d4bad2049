#include "methods/data/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>

#include "methods/data/file_io.h"

namespace diffbench::data {

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

std::vector<std::byte> gunzip(std::span<const std::byte> bytes, std::string_view file) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr size_t kLargestInput = std::numeric_limits<uInt>::max();
  if (bytes.size() > kLargestInput) {
    throw bad_file(file, "gzip files above 4 GiB are not supported; unpack it first");
  }
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    throw std::runtime_error("zlib cannot start");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());

  std::vector<std::byte> plain;
  size_t filled = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (filled == plain.size()) {
      plain.resize(std::max<size_t>(64 * 1024, plain.size() * 2));
    }
    const auto room = std::min<size_t>(plain.size() - filled, kLargestInput);
    stream.next_out = reinterpret_cast<Bytef*>(plain.data() + filled);
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    filled += room - stream.avail_out;
  }
  if (status != Z_STREAM_END) {
    throw bad_file(file, stream.avail_in == 0 ? "truncated gzip file" : "damaged gzip file");
  }
  if (stream.avail_in != 0) {
    throw bad_file(file, "bytes follow the end of the gzip data");
  }
  plain.resize(filled);
  return plain;
}

}  // namespace diffbench::data
