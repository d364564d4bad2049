#pragma once
// Reads and writes zip archives, the containers of .npz and .pth files.
//
//   ZipArchive archive(file.bytes(), "weights.pth");        // views the bytes, which must outlive it
//   for (const auto& [name, entry] : archive.entries()) { auto data = archive.read(name); }
//   write_zip("out.npz", {{"arr_0.npy", bytes}});           // deflated; the same bytes for the same input
//
// Stored and deflated entries only. Sizes are believed only as far as the file can back them: entries may not overlap
// (their packed sizes must fit into the file together), and none may claim more than deflate can pack. Checksums are
// verified. Every failure is an InputError of one line. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct zip;  // libzip's handle

namespace diffbench::data {

struct ZipEntry {
  uint64_t index = 0;
  uint64_t size_bytes = 0;  // unpacked
};

class ZipArchive {
 public:
  ZipArchive(std::span<const std::byte> bytes, std::string file);

  const std::map<std::string, ZipEntry>& entries() const { return entries_; }  // folders left out
  bool has(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::byte> read(const std::string& name) const;

 private:
  std::string file_;
  std::unique_ptr<zip, void (*)(zip*)> archive_;
  std::map<std::string, ZipEntry> entries_;
};

bool is_zip(std::span<const std::byte> bytes);

enum class Packing { kDeflated, kStored };
void write_zip(const std::filesystem::path& path, const std::map<std::string, std::vector<std::byte>>& entries,
               Packing packing = Packing::kDeflated);

}  // namespace diffbench::data
