#pragma once
// SHA-256 (FIPS 180-4), by which results name the files they depend on.
//
//   std::string hash = sha256_of_file("extractor.pt");   // 64 lower-case hexadecimal digits
//
// sha256_of_file throws InputError when the file cannot be read.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace diffbench::data {

std::string sha256(std::span<const std::byte> bytes);
std::string sha256(std::string_view text);
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace diffbench::data
