#pragma once
// A file that decides what is sampled, as results name it: its part, its place and its bytes.
//
//   FileRecord record = record_of("weights", "zoo/fashion_mnist/backbone.safetensors");

#include <filesystem>
#include <string>

#include "methods/data/sha256.h"

namespace diffbench {

struct FileRecord {
  std::string role;  // "model", "weights", "gates", ...
  std::string path;
  std::string sha256;  // of its bytes
};

// InputError when the file cannot be read
inline FileRecord record_of(std::string role, const std::filesystem::path& file) {
  return {std::move(role), file.string(), data::sha256_of_file(file)};
}

}  // namespace diffbench
