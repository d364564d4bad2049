#pragma once
// The idx format of the MNIST family: a tensor of bytes behind a big-endian header, plain or gzipped.
//
//   RawTensor images = read_idx("train-images-idx3-ubyte.gz");   // u8 [60000, 28, 28]
//
// Only element type 0x08 (unsigned byte) exists in practice; any other, a wrong magic, and a size that does not match
// the header are InputErrors of one line.

#include <filesystem>
#include <span>
#include <string>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

RawTensor read_idx(const std::filesystem::path& path);

// the same on bytes in memory; `file` is what messages call them
RawTensor parse_idx(std::span<const std::byte> bytes, const std::string& file);

}  // namespace diffbench::data
