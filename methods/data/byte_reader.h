#pragma once
// Walks over the bytes of a file; running off the end is an InputError that names the file.
//
//   ByteReader in(bytes, "train-images-idx3-ubyte");
//   uint32_t magic = in.big_endian<uint32_t>();
//   std::span<const std::byte> rest = in.take(in.remaining());

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "methods/data/file_io.h"

namespace diffbench::data {

class ByteReader {
 public:
  // `file` is what messages call these bytes; it must outlive the reader
  ByteReader(std::span<const std::byte> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }

  std::span<const std::byte> take(size_t count) {
    if (count > remaining()) {
      throw bad_file(file_, "truncated: " + std::to_string(count) + " bytes are needed at offset " +
                                std::to_string(position_) + ", " + std::to_string(remaining()) + " are left");
    }
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }

  std::string_view take_text(size_t count) {
    const auto part = take(count);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  // everything that is left, without taking it
  std::string_view peek_text() const { return {reinterpret_cast<const char*>(bytes_.data()) + position_, remaining()}; }

  template <std::unsigned_integral T>
  T little_endian() {
    return join<T>(take(sizeof(T)), [](size_t i) { return i; });
  }

  template <std::unsigned_integral T>
  T big_endian() {
    return join<T>(take(sizeof(T)), [](size_t i) { return sizeof(T) - 1 - i; });
  }

 private:
  template <typename T, typename Order>
  static T join(std::span<const std::byte> part, Order order) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | (std::to_integer<T>(part[order(i)]) << (8 * i)));
    }
    return value;
  }

  std::span<const std::byte> bytes_;
  std::string_view file_;
  size_t position_ = 0;
};

}  // namespace diffbench::data
