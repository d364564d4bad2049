#pragma once
// Checkpoints that torch.save wrote (the zip format of PyTorch 1.6 and later): a state dict, possibly under "ema",
// "model" or "state_dict" ("ema" wins).
//
//   NamedTensors weights = read_pth("uvit.pth");
//
// Tensors (views, strides, offsets and shared storages included), parameters, numpy arrays, containers and plain values
// are read; any other global in the pickle is refused by its name, and nothing is ever executed. Refused as well: the
// older format that is not a zip, big-endian files, TorchScript archives, and sizes that the file cannot hold. Every
// failure is an InputError of one line. What names become: methods/data/checkpoint_tree.h.

#include <filesystem>
#include <span>
#include <string>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

NamedTensors read_pth(const std::filesystem::path& path);

// the same on bytes in memory; `file` is what messages call them
NamedTensors parse_pth(std::span<const std::byte> bytes, const std::string& file);

// A dict of numpy arrays, as torch.save writes one. torch.load wants weights_only=False for it, as for any such dict.
void write_pth(const std::filesystem::path& path, const NamedTensors& arrays);

}  // namespace diffbench::data
