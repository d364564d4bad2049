#pragma once
// Gzip in memory.
//
//   if (is_gzip(bytes)) { std::vector<std::byte> plain = gunzip(bytes, "labels.gz"); }

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace diffbench::data {

bool is_gzip(std::span<const std::byte> bytes);

// one gzip member, checksum verified; memory grows with what really comes out. Throws InputError naming `file`.
std::vector<std::byte> gunzip(std::span<const std::byte> bytes, std::string_view file);

}  // namespace diffbench::data
