#pragma once
// The body of a fuzz target: a parser may return or throw InputError; anything else is a finding.
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     return diffbench::fuzz_parser(data, size, [](auto bytes) { diffbench::data::parse_idx(bytes, "f"); });
//   }

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "methods/config/input_error.h"

namespace diffbench {

template <typename Parse>
int fuzz_parser(const uint8_t* data, size_t size, Parse parse) {
  try {
    parse(std::span(reinterpret_cast<const std::byte*>(data), size));
  } catch (const config::InputError& error) {
    if (std::strchr(error.what(), '\n') != nullptr) {
      std::abort();  // messages are one line
    }
  }
  return 0;
}

}  // namespace diffbench
