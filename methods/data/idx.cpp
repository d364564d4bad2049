#include "methods/data/idx.h"

#include <algorithm>

#include "methods/data/byte_reader.h"
#include "methods/data/checked_size.h"
#include "methods/data/gzip.h"

namespace diffbench::data {
namespace {

RawTensor parse_plain(std::span<const std::byte> bytes, const std::string& file) {
  constexpr uint8_t kUnsignedByte = 0x08;
  ByteReader in(bytes, file);
  const auto magic = in.big_endian<uint16_t>();
  const auto type = in.big_endian<uint8_t>();
  const auto rank = in.big_endian<uint8_t>();
  if (magic != 0 || rank == 0) {
    throw bad_file(file, "not an idx file");
  }
  if (type != kUnsignedByte) {
    throw bad_file(file, "idx element type " + std::to_string(type) + " is not supported; only unsigned bytes (8) are");
  }
  RawTensor tensor{DType::u8, {}, {}};
  for (int i = 0; i < rank; ++i) {
    tensor.shape.push_back(in.big_endian<uint32_t>());
  }
  if (checked_size_bytes(DType::u8, tensor.shape) != in.remaining()) {
    throw bad_file(file, "the idx header says " + tensor.shape_text() + ", but " + std::to_string(in.remaining()) +
                             " bytes follow");
  }
  const auto data = in.take(in.remaining());
  tensor.bytes.assign(data.begin(), data.end());
  return tensor;
}

}  // namespace

RawTensor parse_idx(std::span<const std::byte> bytes, const std::string& file) {
  return is_gzip(bytes) ? parse_plain(gunzip(bytes, file), file) : parse_plain(bytes, file);
}

RawTensor read_idx(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_idx(file.bytes(), path.string());
}

}  // namespace diffbench::data
