#pragma once
// Finds the tensors in the unpickled tree of a PyTorch checkpoint.
//
//   Pickle pickle = parse_pickle(bytes, file, is_checkpoint_global);
//   for (const auto& [name, tensor] : find_tensors(pickle, file)) { ... tensor.storage.key ... }
//
// Nothing is loaded here: a CheckpointTensor says which storage holds the elements, and which view of it.

#include <map>
#include <string>
#include <string_view>

#include "methods/data/pickle.h"
#include "methods/data/raw_tensor.h"
#include "methods/data/strided_copy.h"

namespace diffbench::data {

struct CheckpointTensor {
  std::string storage_key;     // "0": the archive's entry data/0
  uint64_t storage_bytes = 0;  // as the pickle states it
  DType dtype = DType::f32;
  StridedView view;                    // lies inside the storage
  const PickleValue* array = nullptr;  // a numpy array, whose elements lie in the pickle: no storage, and a shape alone
};

// the globals that a checkpoint of tensors, numpy arrays, containers and plain values needs; argparse.Namespace is
// passed over
bool is_checkpoint_global(std::string_view name);

// The state dict: what stands under "ema", else "model", else "state_dict", else the whole. Nested containers give
// dotted names; the prefixes "module." and "_orig_mod.", which wrappers put before every name, are taken off.
// Throws InputError when there is no tensor, or one is malformed, of a type DType lacks, or outside its storage.
std::map<std::string, CheckpointTensor> find_tensors(const Pickle& pickle, const std::string& file);

}  // namespace diffbench::data
