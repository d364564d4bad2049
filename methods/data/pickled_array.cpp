#include "methods/data/pickled_array.h"

#include <algorithm>

#include "methods/data/file_io.h"
#include "methods/data/npy.h"

namespace diffbench::data {
namespace {

using namespace std::string_view_literals;

// the second is numpy's before 2.0
constexpr std::string_view kReconstruct[] = {"numpy._core.multiarray._reconstruct",
                                             "numpy.core.multiarray._reconstruct"};
constexpr std::string_view kArray = "numpy.ndarray";
constexpr std::string_view kType = "numpy.dtype";
constexpr std::string_view kEncode = "_codecs.encode";
constexpr std::string_view kBytes = "__builtin__.bytes";  // of protocol 2, where it is called for no bytes at all

bool is_reconstruct(std::string_view name) {
  return std::find(std::begin(kReconstruct), std::end(kReconstruct), name) != std::end(kReconstruct);
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  NpyHeader header(const PickleValue& value) const {
    const auto& state = state_of(value);
    std::vector<int64_t> shape;
    for (const auto* dimension : of_kind(*state.items[1], PickleKind::tuple).items) {
      shape.push_back(of_kind(*dimension, PickleKind::integer).integer);
    }
    const bool is_fortran = of_kind(*state.items[3], PickleKind::boolean).integer != 0;
    return {descr_of(*state.items[2]), is_fortran, std::move(shape)};
  }

  RawTensor array(const PickleValue& value) const {
    return npy_array(header(value), bytes_of(*state_of(value).items[4]), file_);
  }

 private:
  // version, shape, type, whether in Fortran order, bytes
  const PickleValue& state_of(const PickleValue& value) const { return tuple(value.state, 5); }

  [[noreturn]] void fail() const { throw bad_file(file_, "not a numpy array of plain numbers"); }

  const PickleValue& of_kind(const PickleValue& value, PickleKind kind) const {
    if (value.kind != kind) fail();
    return value;
  }

  const PickleValue& tuple(const PickleValue* value, size_t at_least) const {
    if (value == nullptr || of_kind(*value, PickleKind::tuple).items.size() < at_least) fail();
    return *value;
  }

  // "<f8": the type's own name, "f8", and its byte order, the second number of its state
  std::string descr_of(const PickleValue& value) const {
    if (!value.is_call(kType) || value.items.empty()) fail();
    const auto& order = of_kind(*tuple(value.state, 2).items[1], PickleKind::text);
    return order.text + of_kind(*value.items[0], PickleKind::text).text;
  }

  std::vector<std::byte> bytes_of(const PickleValue& value) const {
    if (value.is_call(kBytes) && value.items.empty()) return {};
    if (!value.is_call(kEncode)) {
      const auto raw = std::as_bytes(std::span(of_kind(value, PickleKind::bytes).text));
      return {raw.begin(), raw.end()};
    }
    if (value.items.size() != 2 || !value.items[1]->is_text("latin1")) fail();
    const std::string_view text = of_kind(*value.items[0], PickleKind::text).text;
    std::vector<std::byte> bytes;
    bytes.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
      const auto first = static_cast<unsigned char>(text[i]);
      if (first < 0x80) {
        bytes.push_back(static_cast<std::byte>(first));
      } else if ((first == 0xc2 || first == 0xc3) && i + 1 < text.size()) {  // U+0080 .. U+00FF
        const auto second = static_cast<unsigned char>(text[++i]);
        bytes.push_back(static_cast<std::byte>((first & 0x3U) << 6U | (second & 0x3fU)));
      } else {
        fail();
      }
    }
    return bytes;
  }

  const std::string& file_;
};

// Opcodes as Python's Lib/pickletools.py lists them.
class Writer {
 public:
  explicit Writer(const std::string& file) : file_(file) {}

  std::vector<std::byte> write(const NamedTensors& arrays) {
    text("\x80\x04}(");
    for (const auto& [name, array] : arrays) {
      unicode(name);
      write(array);
    }
    text("u.");
    return std::move(bytes_);
  }

 private:
  void write(const RawTensor& array) {
    const std::string descr = descr_of(array.dtype, file_);
    text("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n");  // by this name every numpy finds it
    text(
        "K\0\x85"  // of shape (0,)
        "C\1b\x87R"sv);
    text("(K\1(");  // state: version 1, shape
    for (const int64_t dimension : array.shape) {
      text("\x8a\x08");
      number(static_cast<uint64_t>(dimension));
    }
    text("tcnumpy\ndtype\n");
    unicode(descr.substr(1));
    text("\x89\x88\x87R(K\3");  // state: version 3, byte order, no sub-array, fields, sizes or flags
    unicode(descr.substr(0, 1));
    text("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"sv);
    text("\x89\x8e");  // C order, bytes
    number(array.bytes.size());
    bytes_.insert(bytes_.end(), array.bytes.begin(), array.bytes.end());
    text("tb");
  }

  void text(std::string_view text) {
    for (const char character : text) bytes_.push_back(static_cast<std::byte>(character));
  }

  void unicode(std::string_view value) {
    text("\x8d");
    number(value.size());
    text(value);
  }

  void number(uint64_t value) {
    for (int i = 0; i < 8; ++i, value >>= 8U) bytes_.push_back(static_cast<std::byte>(value & 0xffU));
  }

  const std::string& file_;
  std::vector<std::byte> bytes_;
};

}  // namespace

bool is_array(const PickleValue& value) { return value.kind == PickleKind::call && is_reconstruct(value.callee->text); }

bool is_array_global(std::string_view name) {
  return is_reconstruct(name) || name == kArray || name == kType || name == kBytes;
}

NpyHeader header_of(const PickleValue& value, const std::string& file) { return Reader(file).header(value); }

RawTensor array_of(const PickleValue& value, const std::string& file) { return Reader(file).array(value); }

std::vector<std::byte> pickle_arrays(const NamedTensors& arrays, const std::string& file) {
  return Writer(file).write(arrays);
}

}  // namespace diffbench::data
