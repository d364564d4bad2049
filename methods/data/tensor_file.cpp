#include "methods/data/tensor_file.h"

#include <algorithm>

#include "methods/config/nearest.h"
#include "methods/data/file_io.h"
#include "methods/data/npz.h"
#include "methods/data/pth.h"
#include "methods/data/safetensors.h"

namespace diffbench::data {
namespace {

struct Format {
  const char* extension;
  NamedTensors (*read)(const std::filesystem::path& path);
};

constexpr Format kFormats[] = {
    {".safetensors", read_safetensors},
    {".npz", read_npz},
    {".pth", read_pth},
    {".pt", read_pth},
};

std::string pattern_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + (shape[i] == kAnySize ? "*" : std::to_string(shape[i]));
  }
  return text + "]";
}

bool matches(const std::vector<int64_t>& shape, const std::vector<int64_t>& pattern) {
  return std::equal(shape.begin(), shape.end(), pattern.begin(), pattern.end(),
                    [](int64_t size, int64_t wanted) { return wanted == kAnySize || size == wanted; });
}

}  // namespace

NamedTensors read_tensors(const std::filesystem::path& path) {
  std::vector<std::string> extensions;
  for (const auto& format : kFormats) {
    if (path.extension() == format.extension) {
      return format.read(path);
    }
    extensions.emplace_back(format.extension);
  }
  throw bad_file(path.string(), config::unknown_name("tensor file extension", path.extension().string(), extensions));
}

const RawTensor& require(const NamedTensors& tensors, const std::string& file, const std::string& name, DType dtype,
                         const std::vector<int64_t>& shape) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    std::vector<std::string> names;
    for (const auto& [candidate, tensor] : tensors) {
      names.push_back(candidate);
    }
    const std::string nearest = config::nearest(name, names);
    throw bad_file(file, "no tensor " + in_quotes(name) +
                             (nearest.empty() ? "; the file is empty" : "; the nearest is " + in_quotes(nearest)));
  }
  const RawTensor& tensor = found->second;
  if (tensor.dtype != dtype || !matches(tensor.shape, shape)) {
    throw bad_file(file, "tensor " + in_quotes(name) + " must be " + dtype_name(dtype) + " " + pattern_text(shape) +
                             ", is " + dtype_name(tensor.dtype) + " " + tensor.shape_text());
  }
  return tensor;
}

}  // namespace diffbench::data
