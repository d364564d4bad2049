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
RawTensor parse_npy(std::vector<std::byte>&& bytes, const std::string& file);  // without a second copy in memory

// what a header says of the bytes behind it
struct NpyHeader {
  std::string descr;  // "<f4"
  bool is_fortran = false;
  std::vector<int64_t> shape;
};
DType type_of(const NpyHeader& header, const std::string& file);  // InputError: none of ours
const char* descr_of(DType dtype, const std::string& file);       // InputError: numpy has none
RawTensor npy_array(const NpyHeader& header, std::vector<std::byte> data, const std::string& file);

// version 1; throws InputError for BF16, which numpy does not have
std::vector<std::byte> format_npy(const RawTensor& tensor, const std::string& file);

}  // namespace diffbench::data
