#include "methods/data/pth.h"

#include <algorithm>

#include "methods/data/checked_size.h"
#include "methods/data/checkpoint_tree.h"
#include "methods/data/file_io.h"
#include "methods/data/pickled_array.h"
#include "methods/data/zip_archive.h"

namespace diffbench::data {
namespace {

constexpr std::string_view kPickle = "data.pkl";

// the folder inside the archive, "archive/", that torch.save puts everything into
std::string find_prefix(const ZipArchive& archive, const std::string& file) {
  std::string prefix;
  int count = 0;
  for (const auto& [name, entry] : archive.entries()) {
    const size_t slash = name.rfind('/');
    const size_t start = slash == std::string::npos ? 0 : slash + 1;
    if (std::string_view(name).substr(start) == kPickle) {
      prefix = name.substr(0, start);
      ++count;
    }
  }
  if (count != 1) {
    throw bad_file(file, "not a PyTorch checkpoint: the archive has " + std::to_string(count) + " entries data.pkl");
  }
  if (archive.has(prefix + "constants.pkl")) {
    throw bad_file(file, "a TorchScript archive, not a checkpoint; save model.state_dict() with torch.save");
  }
  return prefix;
}

// one after the other, so that each storage is unpacked once and lives no longer than its tensors need it
NamedTensors load(const ZipArchive& archive, const std::string& prefix, const std::string& file,
                  const std::map<std::string, CheckpointTensor>& tensors) {
  using Entry = std::map<std::string, CheckpointTensor>::value_type;
  std::map<std::string, std::vector<const Entry*>> by_storage;
  NamedTensors result;
  for (const auto& entry : tensors) {
    if (entry.second.array != nullptr) {
      result.emplace(entry.first, array_of(*entry.second.array, file + ": " + in_quotes(entry.first)));
    } else {
      by_storage[entry.second.storage_key].push_back(&entry);
    }
  }
  for (const auto& [key, views] : by_storage) {
    const auto storage = archive.read(prefix + "data/" + key);
    for (const auto* entry : views) {
      const auto& [name, tensor] = *entry;
      if (tensor.storage_bytes != storage.size()) {
        throw bad_file(file, "tensor " + in_quotes(name) + " needs a storage of " +
                                 std::to_string(tensor.storage_bytes) + " bytes, the file holds " +
                                 std::to_string(storage.size()));
      }
      result.emplace(name, RawTensor{tensor.dtype, tensor.view.shape,
                                     strided_copy(storage, tensor.view, size_bytes(tensor.dtype))});
    }
  }
  return result;
}

// overlapping views and strides of 0 are legal, but must not turn a small file into a huge allocation
void check_total(const std::map<std::string, CheckpointTensor>& tensors, size_t file_bytes, const std::string& file) {
  constexpr size_t kAlwaysAllowedBytes = size_t{64} << 20;
  constexpr size_t kLargestGrowth = 16;
  const size_t budget = file_bytes * kLargestGrowth + kAlwaysAllowedBytes;
  size_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    const size_t size = *checked_size_bytes(tensor.dtype, tensor.view.shape);  // find_tensors has checked the shape
    if (size > budget - total) {
      throw bad_file(file, "its tensors need more memory than a file of " + std::to_string(file_bytes) +
                               " bytes justifies (from " + in_quotes(name) + " on)");
    }
    total += size;
  }
}

}  // namespace

NamedTensors parse_pth(std::span<const std::byte> bytes, const std::string& file) {
  if (!is_zip(bytes)) {
    throw bad_file(file,
                   "not a zip archive; if PyTorch before 1.6 wrote it, save it again: "
                   "torch.save(torch.load(F, map_location='cpu'), F)");
  }
  const ZipArchive archive(bytes, file);
  const std::string prefix = find_prefix(archive, file);
  for (const auto& [name, entry] : archive.entries()) {
    if (entry.size_bytes > bytes.size()) {  // torch.save packs nothing
      throw bad_file(file, "entry " + in_quotes(name) + " claims more bytes than the file can hold");
    }
  }
  if (archive.has(prefix + "byteorder")) {
    const auto order = archive.read(prefix + "byteorder");
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
      throw bad_file(file, "the checkpoint's byte order is not little-endian");
    }
  }
  const auto data = archive.read(prefix + std::string(kPickle));
  const Pickle pickle = parse_pickle(data, file, is_checkpoint_global);
  const auto tensors = find_tensors(pickle, file);
  check_total(tensors, bytes.size(), file);
  return load(archive, prefix, file, tensors);
}

NamedTensors read_pth(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_pth(file.bytes(), path.string());
}

void write_pth(const std::filesystem::path& path, const NamedTensors& arrays) {
  const auto bytes = [](std::string_view text) {
    const auto raw = std::as_bytes(std::span(text));
    return std::vector<std::byte>(raw.begin(), raw.end());
  };
  write_zip(path,
            {{"archive/data.pkl", pickle_arrays(arrays, path.string())},
             {"archive/byteorder", bytes("little")},
             {"archive/version", bytes("3\n")}},
            Packing::kStored);
}

}  // namespace diffbench::data
