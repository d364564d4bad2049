#pragma once
// Several named numpy arrays in one zip file, as numpy.savez and numpy.savez_compressed write them.
//
//   NamedTensors reference = read_npz("VIRTUAL_imagenet256.npz");   // "arr_0", "mu", ...
//   write_npz("samples.npz", {{"arr_0", images}, {"arr_1", labels}});
//
// Arrays are read as methods/data/npy.h says; writing deflates. Refused: arrays that together need more than 64 times
// the file and 64 MiB. Every failure is an InputError of one line.

#include <filesystem>
#include <span>
#include <string>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

NamedTensors read_npz(const std::filesystem::path& path);

// the same on bytes in memory; `file` is what messages call them
NamedTensors parse_npz(std::span<const std::byte> bytes, const std::string& file);

void write_npz(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace diffbench::data
