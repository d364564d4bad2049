#pragma once
// Plain numbers and texts as bytes, for Communicator::gather.
//
//   Bytes bytes = pack(std::vector<int64_t>{1, 2});
//   std::vector<int64_t> back = unpack<int64_t>(bytes);

#include <cstring>
#include <string>
#include <vector>

#include "harness/ranks/communicator.h"

namespace diffbench::measure {

template <typename T>
ranks::Bytes pack(const std::vector<T>& values) {
  ranks::Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return bytes;
}

template <typename T>
std::vector<T> unpack(const ranks::Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) {
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  }
  return values;
}

inline ranks::Bytes pack_text(const std::string& text) { return pack(std::vector<char>(text.begin(), text.end())); }

inline std::string unpack_text(const ranks::Bytes& bytes) {
  const auto text = unpack<char>(bytes);
  return {text.begin(), text.end()};
}

}  // namespace diffbench::measure
