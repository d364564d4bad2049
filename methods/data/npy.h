#pragma once
// One numpy array: the .npy format, versions 1 to 3.
//
//   RawTensor array = parse_npy(bytes, "stats.npz: mu");
//   std::vector<std::byte> bytes = format_npy(array, "stats.npz: mu");
//
// Little-endian numbers and booleans of the types in DType; Fortran order is turned into C order. Object arrays
// (pickles), big-endian numbers and all other types are refused by name. Every failure is an InputError of one line.

#include <span>
#include <string>
#include <vector>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

RawTensor parse_npy(std::span<const std::byte> bytes, const std::string& file);

// version 1; throws InputError for BF16, which numpy does not have
std::vector<std::byte> format_npy(const RawTensor& tensor, const std::string& file);

}  // namespace diffbench::data
