#include "methods/data/npz.h"

#include "methods/data/file_io.h"
#include "methods/data/npy.h"
#include "methods/data/zip_archive.h"

namespace diffbench::data {
namespace {

constexpr std::string_view kExtension = ".npy";

// Deflate packs zeros a thousand times: a small file must not become a huge allocation. What is worth keeping packs
// less; small arrays may be all zero.
void check_total(const ZipArchive& archive, size_t file_bytes, const std::string& file) {
  constexpr size_t kAlwaysAllowedBytes = size_t{64} << 20;
  constexpr size_t kLargestGrowth = 64;
  size_t left = file_bytes * kLargestGrowth + kAlwaysAllowedBytes;
  for (const auto& [name, entry] : archive.entries()) {
    if (entry.size_bytes > left) {
      throw bad_file(file, "its arrays need more memory than a file of " + std::to_string(file_bytes) +
                               " bytes justifies (from " + in_quotes(name) + " on)");
    }
    left -= entry.size_bytes;
  }
}

}  // namespace

NamedTensors parse_npz(std::span<const std::byte> bytes, const std::string& file) {
  if (!is_zip(bytes)) {
    throw bad_file(file, "not an npz file");
  }
  const ZipArchive archive(bytes, file);
  check_total(archive, bytes.size(), file);
  NamedTensors tensors;
  for (const auto& [name, entry] : archive.entries()) {
    if (!name.ends_with(kExtension)) {
      throw bad_file(file, "entry " + in_quotes(name) + " is not a .npy array");
    }
    tensors.emplace(name.substr(0, name.size() - kExtension.size()),
                    parse_npy(archive.read(name), file + ": " + in_quotes(name)));
  }
  return tensors;
}

NamedTensors read_npz(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npz(file.bytes(), path.string());
}

void write_npz(const std::filesystem::path& path, const NamedTensors& tensors) {
  std::map<std::string, std::vector<std::byte>> entries;
  for (const auto& [name, tensor] : tensors) {
    entries.emplace(name + std::string(kExtension), format_npy(tensor, path.string() + ": " + in_quotes(name)));
  }
  write_zip(path, entries);
}

}  // namespace diffbench::data
