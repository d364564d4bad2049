#pragma once
// The body of a fuzz target: a parser may return, or throw what stands for a mistake in a file (InputError,
// DatabaseError); anything else is a finding.
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
//     return diffbench::fuzz_parser(data, size, [](auto bytes) { diffbench::data::parse_idx(bytes, "f"); });
//   }
//
// fuzz_file is the same for what reads files: `parse` gets a path.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <string>

#include "methods/config/input_error.h"
#include "results/database_error.h"

namespace diffbench {

inline void check_one_line(const char* message) {
  if (std::strchr(message, '\n') != nullptr) std::abort();
}

template <typename Parse>
int fuzz_parser(const uint8_t* data, size_t size, Parse parse) {
  try {
    parse(std::span(reinterpret_cast<const std::byte*>(data), size));
  } catch (const config::InputError& error) {
    check_one_line(error.what());
  } catch (const results::DatabaseError& error) {
    check_one_line(error.what());
  }
  return 0;
}

template <typename Parse>
int fuzz_file(const uint8_t* data, size_t size, Parse parse) {
  static const std::string kPath = "/dev/shm/diffbench-fuzz-" + std::to_string(::getpid());
  return fuzz_parser(data, size, [&](auto bytes) {
    std::ofstream(kPath, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    parse(kPath);
  });
}

}  // namespace diffbench
