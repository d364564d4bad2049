#pragma once
// Files as bytes: read through a mapping, written beside the target and renamed, so that nobody sees half a file.
//
//   MappedFile file("weights.safetensors");
//   std::span<const std::byte> bytes = file.bytes();          // valid as long as `file`
//   write_atomically("out.bin", [&](const std::filesystem::path& temporary) { ... });
//   throw bad_file(label, "tensor " + in_quotes(name) + " has no shape");
//
// Every failure is an InputError of one line that starts with the path. A mapping follows the file: replacing the
// file by a rename is safe, shortening it in place while it is being read is not.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "methods/config/input_error.h"

namespace diffbench::data {

class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;  // owns the mapping
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

// `write` fills the temporary file, which then takes the place of `path`; when it throws, `path` stays untouched
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& write);
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

// the error "<file>: <message>"
config::InputError bad_file(std::string_view file, std::string_view message);

// a name that came out of a file, fit for a one-line message: control characters escaped, long names cut
std::string in_quotes(std::string_view name);

}  // namespace diffbench::data
