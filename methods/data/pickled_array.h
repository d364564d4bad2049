#pragma once
// numpy arrays in a pickle, as torch.save leaves them in the statistics that torch-fidelity caches.
//
//   if (is_array(value)) {
//     const NpyHeader header = header_of(value, "stats.pt: 'mu'");   // what it claims, before its bytes are copied
//     RawTensor mean = array_of(value, "stats.pt: 'mu'");
//   }
//
// An array is the call of _reconstruct, whose state holds shape, type and bytes; in pickles of protocol 2 the bytes are
// text that stands for Latin-1. Nothing is called: what is not just that is an InputError of one line.

#include <string>
#include <string_view>
#include <vector>

#include "methods/data/npy.h"
#include "methods/data/pickle.h"
#include "methods/data/raw_tensor.h"

namespace diffbench::data {

bool is_array(const PickleValue& value);
bool is_array_global(std::string_view name);  // what the pickle of an array refers to

NpyHeader header_of(const PickleValue& value, const std::string& file);
RawTensor array_of(const PickleValue& value, const std::string& file);

// a dict of them, protocol 4
std::vector<std::byte> pickle_arrays(const NamedTensors& arrays, const std::string& file);

}  // namespace diffbench::data
