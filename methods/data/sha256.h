#pragma once
// SHA-256 (FIPS 180-4), to name files by their content.
//
//   sha256_hex_of_file("backbone.safetensors")    // 64 lower-case hex digits

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace diffbench::data {

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex_of_file(const std::filesystem::path& path);  // InputError when unreadable

}  // namespace diffbench::data
