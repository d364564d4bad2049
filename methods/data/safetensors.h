#pragma once
// The safetensors format: a JSON header, then the tensors' bytes, little-endian and C-ordered.
//
//   NamedTensors weights = read_safetensors("backbone.safetensors");
//   write_safetensors("out.safetensors", {{"samples", samples}}, {{"solver", "ddim"}});
//
// Reading is strict: header inside the file, no unknown or repeated key, byte ranges that cover the data without gap or
// overlap and match shape and type. Types are those of DType; the file's others (U16, F8_E4M3, ...) are refused by
// name. Every failure is an InputError of one line. Files are written byte for byte the same for the same tensors.

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

NamedTensors read_safetensors(const std::filesystem::path& path);

// the same on bytes in memory; `file` is what messages call them
NamedTensors parse_safetensors(std::span<const std::byte> bytes, const std::string& file);

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace diffbench::data
