#pragma once
// What the tests of the file formats share.
//
//   EXPECT_EQ(read_pth(golden("types.pth")), ...);
//   EXPECT_THAT(error_of([&] { parse_idx(bytes, "f"); }), StartsWith("f: "));
//   expect_robust(bytes, [](auto part) { parse_idx(part, "f"); });

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "methods/config/input_error.h"
#include "methods/data/file_io.h"
#include "methods/data/raw_tensor.h"

namespace diffbench::data {

inline bool operator==(const RawTensor& a, const RawTensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes;
}

inline void PrintTo(const RawTensor& tensor, std::ostream* out) {
  *out << dtype_name(tensor.dtype) << " " << tensor.shape_text();
}

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(DIFFBENCH_TESTS_DIR) / "methods/data/goldens" / name;
}

inline std::vector<std::byte> file_content(const std::filesystem::path& path) {
  const MappedFile file(path);
  return {file.bytes().begin(), file.bytes().end()};
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

// the message of the InputError, which must be one line; "no error" if there is none
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const config::InputError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  return "no error";
}

// every truncation is an InputError; every changed byte gives an InputError or a value, and never anything else
inline void expect_robust(const std::vector<std::byte>& bytes,
                          const std::function<void(std::span<const std::byte>)>& parse) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(error_of([&] { parse(part); }), "no error") << "of " << bytes.size() << " bytes the first " << size;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned value : {0x00U, 0x7fU, 0xffU}) {
      auto changed = bytes;
      changed[i] = static_cast<std::byte>(value);
      error_of([&] { parse(changed); });
    }
  }
}

// a folder that lives as long as the test
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "diffbench-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;  // owns the folder
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  size_t file_count() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace diffbench::data
