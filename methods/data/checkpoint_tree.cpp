#include "methods/data/checkpoint_tree.h"

#include <algorithm>
#include <optional>

#include "methods/data/checked_size.h"
#include "methods/data/file_io.h"
#include "methods/data/pickled_array.h"

namespace diffbench::data {
namespace {

struct TorchType {
  std::string_view storage;  // the typed storage's class
  std::string_view dtype;
  DType type;
};

constexpr TorchType kTypes[] = {
    {"torch.DoubleStorage", "torch.float64", DType::f64}, {"torch.FloatStorage", "torch.float32", DType::f32},
    {"torch.HalfStorage", "torch.float16", DType::f16},   {"torch.BFloat16Storage", "torch.bfloat16", DType::bf16},
    {"torch.LongStorage", "torch.int64", DType::i64},     {"torch.IntStorage", "torch.int32", DType::i32},
    {"torch.ShortStorage", "torch.int16", DType::i16},    {"torch.CharStorage", "torch.int8", DType::i8},
    {"torch.ByteStorage", "torch.uint8", DType::u8},      {"torch.BoolStorage", "torch.bool", DType::boolean},
};

constexpr std::string_view kTensorV2 = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kTensorV3 = "torch._utils._rebuild_tensor_v3";
constexpr std::string_view kParameter = "torch._utils._rebuild_parameter";
constexpr std::string_view kParameterWithState = "torch._utils._rebuild_parameter_with_state";
constexpr std::string_view kSize = "torch.Size";
constexpr std::string_view kUntypedStorages[] = {"torch.storage.UntypedStorage", "torch.UntypedStorage"};

// values that are read over and never looked at
constexpr std::string_view kPassedOver[] = {"argparse.Namespace",    "torch.device",          "_codecs.encode",
                                            "builtins.set",          "__builtin__.set",       "builtins.frozenset",
                                            "builtins.complex",      "__builtin__.frozenset", "builtins.bytearray",
                                            "__builtin__.bytearray", "__builtin__.complex"};

// the containers a training script keeps its weights in, the one to prefer first
constexpr std::string_view kStateDictKeys[] = {"ema", "model", "state_dict", "model_state_dict"};

bool contains(auto&& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool is_tensor(const PickleValue& value) {
  return value.is_call(kTensorV2) || value.is_call(kTensorV3) || value.is_call(kParameter) ||
         value.is_call(kParameterWithState) || is_array(value);
}

class Finder {
 public:
  explicit Finder(const std::string& file) : file_(file) {}

  std::map<std::string, const PickleValue*> run(const PickleValue& root) {
    walk(root, 0);
    return std::move(found_);
  }

 private:
  static constexpr int kDeepest = 100;
  static constexpr int64_t kMostVisits = 4'000'000;  // shared containers can make a small pickle a huge tree
  static constexpr size_t kMostTensors = 100'000;
  static constexpr size_t kLongestName = 4096;

  void walk(const PickleValue& value, int depth) {
    if (depth > kDeepest) {
      throw bad_file(file_, "the checkpoint's containers are nested too deeply");
    }
    if (is_tensor(value)) {
      add(value);
    } else if (value.kind == PickleKind::dict) {
      for (size_t i = 0; i < value.items.size(); i += 2) {
        const PickleValue& key = *value.items[i];
        if (key.kind == PickleKind::text) {
          step_into(*value.items[i + 1], key.text, depth);
        } else if (key.kind == PickleKind::integer) {
          step_into(*value.items[i + 1], std::to_string(key.integer), depth);
        }
      }
    } else if (value.kind == PickleKind::list || value.kind == PickleKind::tuple) {
      for (size_t i = 0; i < value.items.size(); ++i) {
        step_into(*value.items[i], std::to_string(i), depth);
      }
    }
  }

  void step_into(const PickleValue& value, std::string_view key, int depth) {
    if (++visits_ > kMostVisits) {
      throw bad_file(file_, "the checkpoint's containers are too large or nested too deeply");
    }
    if (value.items.empty() && value.kind != PickleKind::call) {
      return;  // neither a tensor nor a container of any
    }
    const size_t length = name_.size();
    if (length + key.size() > kLongestName) {
      throw bad_file(file_, "a tensor's name is longer than " + std::to_string(kLongestName) + " bytes");
    }
    name_ += (length == 0 ? "" : ".");
    name_ += key;
    walk(value, depth + 1);
    name_.resize(length);
  }

  void add(const PickleValue& tensor) {
    if (found_.size() == kMostTensors) {
      throw bad_file(file_, "more than " + std::to_string(kMostTensors) + " tensors");
    }
    if (!found_.emplace(name_, &tensor).second) {
      throw bad_file(file_, "two tensors have the name " + in_quotes(name_));
    }
  }

  const std::string& file_;
  std::map<std::string, const PickleValue*> found_;
  std::string name_;  // of the value being walked
  int64_t visits_ = 0;
};

std::map<std::string, const PickleValue*> state_dict_of(const PickleValue& root, const std::string& file) {
  for (const auto key : kStateDictKeys) {
    const PickleValue* part = root.find(key);
    if (part == nullptr || part->kind != PickleKind::dict) {
      continue;
    }
    if (auto tensors = Finder(file).run(*part); !tensors.empty()) {
      return tensors;
    }
  }
  return Finder(file).run(root);
}

// data parallel, averaged and compiled models put a prefix before every name
std::map<std::string, const PickleValue*> without_wrappers(std::map<std::string, const PickleValue*> tensors) {
  constexpr std::string_view kPrefixes[] = {"module.", "_orig_mod.", "module."};
  constexpr const char* kAverageCounter = "n_averaged";  // of torch.optim.swa_utils.AveragedModel, beside the weights
  for (const auto prefix : kPrefixes) {
    auto counter = tensors.extract(kAverageCounter);
    const bool everywhere = !tensors.empty() && std::all_of(tensors.begin(), tensors.end(), [&](const auto& entry) {
      return entry.first.starts_with(prefix) && entry.first.size() > prefix.size();
    });
    if (!everywhere) {
      tensors.insert(std::move(counter));
      continue;
    }
    std::map<std::string, const PickleValue*> stripped;
    for (const auto& [name, value] : tensors) {
      stripped.emplace(name.substr(prefix.size()), value);
    }
    tensors = std::move(stripped);
  }
  return tensors;
}

// turns the arguments of PyTorch's rebuild functions into a CheckpointTensor, trusting none of them
class TensorReader {
 public:
  TensorReader(const std::string& name, const std::string& file) : name_(name), file_(file) {}

  CheckpointTensor read(const PickleValue& value) const {
    if (is_array(value)) return read_array(value);
    const PickleValue* call = &value;
    if (call->is_call(kParameter) || call->is_call(kParameterWithState)) {
      call = argument(*call, 0);
    }
    const bool v3 = call->is_call(kTensorV3);
    if (!v3 && !call->is_call(kTensorV2)) {
      fail("is not a tensor inside");
    }
    CheckpointTensor tensor;
    const uint64_t storage_elements = read_storage(*argument(*call, 0), v3 ? argument(*call, 6) : nullptr, tensor);
    tensor.view.offset = integer(*argument(*call, 1));
    tensor.view.shape = integers(*argument(*call, 2));
    tensor.view.strides = integers(*argument(*call, 3));
    const size_t metadata = v3 ? 7 : 6;  // lazy conjugation or negation: the stored numbers are not the values
    if (call->items.size() > metadata && !call->items[metadata]->items.empty()) {
      fail("has a lazy conjugation or negation, which is not supported; call resolve_neg() before saving");
    }
    const auto needed = needed_elements(tensor.view);
    if (!checked_size_bytes(tensor.dtype, tensor.view.shape) || !needed ||
        static_cast<uint64_t>(*needed) > storage_elements) {
      fail("does not lie inside its storage");
    }
    return tensor;
  }

 private:
  CheckpointTensor read_array(const PickleValue& value) const {
    const std::string label = file_ + ": " + in_quotes(name_);
    const auto header = header_of(value, label);
    CheckpointTensor tensor;
    tensor.dtype = type_of(header, label);
    tensor.array = &value;
    tensor.view.shape = header.shape;
    if (!checked_size_bytes(tensor.dtype, tensor.view.shape)) fail("has no valid shape");
    return tensor;
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw bad_file(file_, "tensor " + in_quotes(name_) + " " + message);
  }

  const PickleValue* argument(const PickleValue& call, size_t index) const {
    if (index >= call.items.size()) {
      fail("is damaged: an argument is missing");
    }
    return call.items[index];
  }

  int64_t integer(const PickleValue& value) const {
    if (value.kind != PickleKind::integer) {
      fail("is damaged: a number is missing");
    }
    return value.integer;
  }

  std::vector<int64_t> integers(const PickleValue& value) const {
    constexpr size_t kLargestRank = 64;  // PyTorch's own limit
    const PickleValue& list = value.is_call(kSize) ? *argument(value, 0) : value;
    if ((list.kind != PickleKind::tuple && list.kind != PickleKind::list) || list.items.size() > kLargestRank) {
      fail("is damaged: its shape or strides are not a tuple");
    }
    std::vector<int64_t> result;
    for (const auto* item : list.items) {
      result.push_back(integer(*item));
    }
    return result;
  }

  // persistent id: ("storage", class, key, location, element count; bytes for an untyped storage); gives the elements
  uint64_t read_storage(const PickleValue& value, const PickleValue* dtype, CheckpointTensor& tensor) const {
    if (value.kind != PickleKind::persistent) {
      fail("is damaged: it has no storage");
    }
    const PickleValue& id = *value.items[0];
    if (id.kind != PickleKind::tuple || id.items.size() != 5 || !id.items[0]->is_text("storage") ||
        id.items[1]->kind != PickleKind::global || id.items[2]->kind != PickleKind::text) {
      fail("is damaged: its storage has no valid id");
    }
    const bool untyped = contains(kUntypedStorages, id.items[1]->text);
    if (untyped && dtype == nullptr) {
      tensor.dtype = DType::u8;
    } else {
      const PickleValue& type = dtype != nullptr ? *dtype : *id.items[1];
      const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TorchType& candidate) {
        return type.kind == PickleKind::global && type.text == (dtype != nullptr ? candidate.dtype : candidate.storage);
      });
      if (known == std::end(kTypes)) {
        fail("has a type that is not supported");
      }
      tensor.dtype = known->type;
    }
    tensor.storage_key = id.items[2]->text;
    const int64_t count = integer(*id.items[4]);
    const auto total = untyped ? std::optional(static_cast<size_t>(std::max<int64_t>(count, 0)))
                               : checked_size_bytes(tensor.dtype, std::span(&count, 1));
    if (!total) {
      fail("is damaged: its storage has no valid size");
    }
    tensor.storage_bytes = *total;
    return tensor.storage_bytes / size_bytes(tensor.dtype);
  }

  const std::string& name_;
  const std::string& file_;
};

}  // namespace

bool is_checkpoint_global(std::string_view name) {
  return contains(kPassedOver, name) || contains(kUntypedStorages, name) || name == kTensorV2 || name == kTensorV3 ||
         name == kParameter || name == kParameterWithState || name == kSize || is_array_global(name) ||
         std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](const TorchType& type) { return name == type.storage || name == type.dtype; });
}

std::map<std::string, CheckpointTensor> find_tensors(const Pickle& pickle, const std::string& file) {
  if (is_tensor(*pickle.root)) {
    throw bad_file(file, "holds one tensor without a name; save a dict of tensors");
  }
  const auto values = without_wrappers(state_dict_of(*pickle.root, file));
  if (values.empty()) {
    throw bad_file(file, "holds no tensors");
  }
  std::map<std::string, CheckpointTensor> tensors;
  for (const auto& [name, value] : values) {
    tensors.emplace(name, TensorReader(name, file).read(*value));
  }
  return tensors;
}

}  // namespace diffbench::data
