#include "methods/data/npy.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "methods/data/byte_reader.h"
#include "methods/data/checked_size.h"
#include "methods/data/strided_copy.h"

namespace diffbench::data {
namespace {

struct NumpyType {
  const char* descr;
  DType dtype;
};

constexpr NumpyType kTypes[] = {
    {"<f8", DType::f64}, {"<f4", DType::f32}, {"<f2", DType::f16}, {"<i8", DType::i64},     {"<i4", DType::i32},
    {"<i2", DType::i16}, {"|i1", DType::i8},  {"|u1", DType::u8},  {"|b1", DType::boolean},
};

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignmentBytes = 64;
constexpr size_t kLargestRank = 64;  // numpy's own limit

// Reads the header, a Python dictionary literal of three known keys:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted_text();
      expect(':');
      read_value(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty() || !descr_ || !fortran_order_ || !shape_) {
      fail();
    }
  }

  std::string_view descr() const { return *descr_; }
  bool fortran_order() const { return *fortran_order_; }
  const std::vector<int64_t>& shape() const { return *shape_; }

 private:
  [[noreturn]] void fail() const { throw bad_file(file_, "damaged npy header"); }

  void read_value(std::string_view key) {
    if (key == "descr" && !descr_) {
      skip_space();
      if (text_.starts_with('[')) {
        throw bad_file(file_, "structured arrays are not supported");
      }
      descr_ = quoted_text();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else {
      fail();
    }
  }

  void skip_space() {
    const size_t count = std::min(text_.find_first_not_of(" \t\n"), text_.size());
    text_.remove_prefix(count);
  }

  bool accept(char character) {
    skip_space();
    const bool found = text_.starts_with(character);
    text_.remove_prefix(found ? 1 : 0);
    return found;
  }

  void expect(char character) {
    if (!accept(character)) {
      fail();
    }
  }

  std::string_view quoted_text() {
    skip_space();
    const char quote = text_.empty() ? '\0' : text_.front();
    const size_t end = text_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) {
      fail();
    }
    const auto value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value;
  }

  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return word == "True";
      }
    }
    fail();
  }

  std::vector<int64_t> tuple() {
    std::vector<int64_t> values;
    expect('(');
    while (!accept(')')) {
      skip_space();
      int64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (error != std::errc() || values.size() == kLargestRank) {
        fail();
      }
      values.push_back(value);
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  std::string_view text_;
  const std::string& file_;
  std::optional<std::string_view> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<int64_t>> shape_;
};

// a Fortran-ordered array as a view: the first index runs fastest
StridedView fortran_view(const std::vector<int64_t>& shape) {
  StridedView view{shape, {}, 0};
  int64_t stride = 1;
  for (const int64_t dimension : shape) {
    view.strides.push_back(stride);
    stride *= std::max<int64_t>(dimension, 1);
  }
  return view;
}

}  // namespace

DType type_of(const NpyHeader& header, const std::string& file) {
  const std::string_view descr = header.descr;
  for (const auto& type : kTypes) {
    if (descr == type.descr ||
        (descr.size() == 3 && size_bytes(type.dtype) == 1 && descr.substr(1) == type.descr + 1)) {
      return type.dtype;
    }
  }
  if (descr.starts_with("|O")) {
    throw bad_file(file, "object arrays hold pickles and are refused");
  }
  throw bad_file(
      file, "numpy type " + in_quotes(descr) + " is not supported" + (descr.starts_with('>') ? " (big-endian)" : ""));
}

RawTensor parse_npy(std::span<const std::byte> bytes, const std::string& file) {
  return parse_npy(std::vector<std::byte>(bytes.begin(), bytes.end()), file);
}

RawTensor parse_npy(std::vector<std::byte>&& bytes, const std::string& file) {
  ByteReader in(bytes, file);
  if (bytes.size() < kMagic.size() || in.take_text(kMagic.size()) != kMagic) {
    throw bad_file(file, "not a numpy array");
  }
  const auto major = in.little_endian<uint8_t>();
  const auto minor = in.little_endian<uint8_t>();
  if (major < 1 || major > 3 || minor != 0) {
    throw bad_file(file, "npy version " + std::to_string(major) + "." + std::to_string(minor) + " is not supported");
  }
  const size_t header_size = major == 1 ? in.little_endian<uint16_t>() : in.little_endian<uint32_t>();
  HeaderParser parser(in.take_text(header_size), file);
  parser.parse();
  const NpyHeader header{std::string(parser.descr()), parser.fortran_order(), parser.shape()};
  bytes.erase(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(in.remaining()));
  return npy_array(header, std::move(bytes), file);
}

RawTensor npy_array(const NpyHeader& header, std::vector<std::byte> data, const std::string& file) {
  RawTensor tensor{type_of(header, file), header.shape, std::move(data)};
  if (checked_size_bytes(tensor.dtype, tensor.shape) != tensor.bytes.size()) {
    throw bad_file(file, "its header says " + tensor.shape_text() + " of type " + dtype_name(tensor.dtype) + ", but " +
                             std::to_string(tensor.bytes.size()) + " bytes follow");
  }
  if (header.is_fortran) {
    tensor.bytes = strided_copy(tensor.bytes, fortran_view(tensor.shape), size_bytes(tensor.dtype));
  }
  return tensor;
}

const char* descr_of(DType dtype, const std::string& file) {
  const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const NumpyType& candidate) { return candidate.dtype == dtype; });
  if (type == std::end(kTypes)) {
    throw bad_file(file, std::string("numpy has no type ") + dtype_name(dtype));
  }
  return type->descr;
}

std::vector<std::byte> format_npy(const RawTensor& tensor, const std::string& file) {
  std::string header =
      std::string("{'descr': '") + descr_of(tensor.dtype, file) + "', 'fortran_order': False, 'shape': (";
  for (const int64_t dimension : tensor.shape) {
    header += std::to_string(dimension) + ", ";
  }
  header += "), }";
  constexpr size_t kPreambleBytes = 10;  // magic, version, header length
  const size_t unpadded = kPreambleBytes + header.size() + 1;
  header.append((kAlignmentBytes - unpadded % kAlignmentBytes) % kAlignmentBytes, ' ');
  header += '\n';

  std::string start(kMagic);
  start += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  start += header;
  std::vector<std::byte> bytes(start.size() + tensor.bytes.size());
  std::transform(start.begin(), start.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  std::copy(tensor.bytes.begin(), tensor.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(start.size()));
  return bytes;
}

}  // namespace diffbench::data
