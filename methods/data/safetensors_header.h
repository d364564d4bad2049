#pragma once
// The JSON header of a safetensors file, read strictly but not yet checked against the data.
//
//   std::vector<HeaderEntry> entries = parse_safetensors_header(R"({"x":{"dtype":"F32",...}})", "a.safetensors");

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

struct HeaderEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // byte range, counted from the end of the header
  uint64_t end = 0;
};

// throws InputError "<file>: ..." for anything but {name: {dtype, shape, data_offsets}, __metadata__: {text: text}}
std::vector<HeaderEntry> parse_safetensors_header(std::string_view text, const std::string& file);

}  // namespace diffbench::data
