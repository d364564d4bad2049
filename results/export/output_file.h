#pragma once
// Inside results/export only: a file written through a buffer, compressed if wanted, whose errors (no folder, a full
// disk) are DatabaseErrors.
//
//   OutputFile file(path, false);
//   file.text("{\"ts\":").integer(12).text("}");
//   file.close();  // the last bytes may fail too

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace diffbench::results {

class OutputFile {
 public:
  OutputFile(const std::filesystem::path& path, bool is_compressed);

  OutputFile& text(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) flush();
    buffer_.append(bytes);
    return *this;
  }
  OutputFile& integer(std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return text({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  // the shortest decimal that reads back as the same number; NaN and infinities are not JSON: null
  OutputFile& real(double value);
  // nanoseconds as microseconds with three decimals
  OutputFile& microseconds(std::int64_t ns);
  // a JSON string with its quotes
  OutputFile& quoted(std::string_view value);
  void close();

 private:
  static constexpr std::size_t kBufferBytes = 1 << 18;
  struct Closer {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  void flush();
  [[noreturn]] void fail() const;

  std::string name_;
  std::unique_ptr<gzFile_s, Closer> file_;
  std::string buffer_;
};

// The characters between the quotes of a JSON string; what is not UTF-8 becomes U+FFFD, so that every parser takes it.
std::string json_escaped(std::string_view value);

}  // namespace diffbench::results
