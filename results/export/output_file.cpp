#include "results/export/output_file.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include "results/database_error.h"

namespace diffbench::results {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Bytes of the UTF-8 character that starts at `at`; 0: there is none. By the table 3-7 of the Unicode standard, which
// leaves out overlong forms, surrogates and what lies beyond U+10FFFF.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const auto second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
  if (first >= 0xC2 && first <= 0xDF) return is_continuation(text, at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool ok = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);
    return ok && is_continuation(text, at + 1) && is_continuation(text, at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool ok = !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
    return ok && is_continuation(text, at + 1) && is_continuation(text, at + 2) && is_continuation(text, at + 3) ? 4
                                                                                                                 : 0;
  }
  return 0;
}

}  // namespace

std::string json_escaped(std::string_view value) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string result;
  result.reserve(value.size());
  for (std::size_t at = 0; at < value.size();) {
    const auto byte = static_cast<unsigned char>(value[at]);
    std::size_t length = 1;
    if (byte == '"' || byte == '\\') {
      result += '\\';
      result += value[at];
    } else if (byte < 0x20 || byte == 0x7F) {
      result += "\\u00";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else if (byte < 0x80) {
      result += value[at];
    } else if ((length = utf8_length(value, at)) != 0) {
      result += value.substr(at, length);
    } else {
      length = 1;
      result += kReplacement;
    }
    at += length;
  }
  return result;
}

// "T": as it is, without zlib's format around it
OutputFile::OutputFile(const std::filesystem::path& path, bool is_compressed)
    : name_(path.string()), file_(gzopen(path.c_str(), is_compressed ? "wb" : "wbT")) {
  if (!file_) fail();
  buffer_.reserve(kBufferBytes);
}

OutputFile& OutputFile::real(double value) {
  if (!std::isfinite(value)) return text("null");
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return text({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

OutputFile& OutputFile::microseconds(std::int64_t ns) {
  if (ns < 0) text("-");
  const std::uint64_t size = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  integer(static_cast<std::int64_t>(size / 1000));
  const auto rest = static_cast<unsigned>(size % 1000);
  const std::array<char, 4> decimals = {'.', static_cast<char>('0' + rest / 100),
                                        static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
  return text({decimals.data(), decimals.size()});
}

OutputFile& OutputFile::quoted(std::string_view value) { return text("\"").text(json_escaped(value)).text("\""); }

void OutputFile::flush() {
  const auto size = static_cast<unsigned>(buffer_.size());
  if (size > 0 && gzwrite(file_.get(), buffer_.data(), size) != static_cast<int>(size)) fail();
  buffer_.clear();
}

void OutputFile::close() {
  flush();
  if (gzclose(file_.release()) != Z_OK) fail();
}

void OutputFile::fail() const { throw DatabaseError(name_ + ": cannot be written: " + std::strerror(errno)); }

}  // namespace diffbench::results
