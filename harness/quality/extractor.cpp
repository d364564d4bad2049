#include "harness/quality/extractor.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/torch.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "methods/config/input_error.h"
#include "methods/data/file_io.h"
#include "methods/data/sha256.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kBatch = 64;

// fp32 means fp32 while features are made, whatever the network under test runs in
class ExactFloat32 {
 public:
  ExactFloat32() : matmul_(context().allowTF32CuBLAS()), convolution_(context().allowTF32CuDNN()) {
    context().setAllowTF32CuBLAS(false);
    context().setAllowTF32CuDNN(false);
  }
  ~ExactFloat32() {
    context().setAllowTF32CuBLAS(matmul_);
    context().setAllowTF32CuDNN(convolution_);
  }
  ExactFloat32(const ExactFloat32&) = delete;  // restores a process-wide setting once
  ExactFloat32& operator=(const ExactFloat32&) = delete;

 private:
  static at::Context& context() { return at::globalContext(); }
  bool matmul_;
  bool convolution_;
};

// LibTorch's messages are pages: the last line that is no frame of its stack is the cause
std::string cause_of(const std::exception& error) {
  std::istringstream lines(error.what());
  std::string cause = "unknown error";
  for (std::string line; std::getline(lines, line) && !line.starts_with("frame #");) {
    const bool says_something =
        line.find_first_not_of(' ') != std::string::npos && !line.starts_with("Exception raised");
    if (says_something) cause = line.substr(line.find_first_not_of(' '));
  }
  return cause;
}

at::Tensor checked_output(const torch::jit::IValue& value, int64_t rows, const std::string& file, const char* what) {
  if (!value.isTensor() || value.toTensor().dim() != 2 || value.toTensor().size(0) != rows) {
    throw config::InputError(file + ": forward gives " +
                             (value.isTensor() ? c10::str(value.toTensor().sizes()) : value.tagKind()) + " as " + what +
                             " of " + std::to_string(rows) + " images, expected [N, D]");
  }
  return value.toTensor().to(at::kFloat);
}

}  // namespace

struct FeatureExtractor::State {
  std::string name;
  std::string file;
  std::string hash;
  at::Device device;
  torch::jit::Module module;

  Extracted forward(const at::Tensor& images) {
    torch::jit::IValue output;
    try {
      output = module.forward({images});
    } catch (const std::exception& error) {
      throw config::InputError(file + ": the extractor cannot take images of " + c10::str(images.sizes()) + ": " +
                               cause_of(error));
    }
    if (!output.isTuple()) {
      return {checked_output(output, images.size(0), file, "features"), {}};
    }
    const auto& elements = output.toTupleRef().elements();
    if (elements.size() != 2) {
      throw config::InputError(file + ": forward gives a tuple of " + std::to_string(elements.size()) +
                               ", expected features or (features, logits)");
    }
    return {checked_output(elements[0], images.size(0), file, "features"),
            checked_output(elements[1], images.size(0), file, "logits")};
  }
};

std::filesystem::path FeatureExtractor::resolve(const std::string& name_or_file, const config::GivenAt& at) {
  const auto file = config::found_from(at.folder, name_or_file);
  if (std::filesystem::is_regular_file(file)) return file;
  if (name_or_file.find('/') != std::string::npos) throw config::InputError(at.naming(name_or_file) + "no such file");
  const auto in_zoo = config::zoo_path(name_or_file) / "extractor.pt";
  if (!std::filesystem::is_regular_file(in_zoo)) {
    throw config::InputError(at.naming(name_or_file) + "neither a file nor an extractor of the zoo (" +
                             in_zoo.string() + " is missing)");
  }
  return in_zoo;
}

FeatureExtractor::FeatureExtractor(const std::string& name_or_file, at::Device device, const config::GivenAt& at) {
  const auto path = resolve(name_or_file, at);
  const auto hash = data::sha256_of_file(path);
  try {
    auto module = torch::jit::load(path.string(), device);
    module.eval();
    state_ = std::make_unique<State>(State{name_or_file, path.string(), hash, device, std::move(module)});
  } catch (const std::exception& error) {
    throw config::InputError(path.string() + ": not a TorchScript file: " + cause_of(error));
  }
}

FeatureExtractor::~FeatureExtractor() = default;
FeatureExtractor::FeatureExtractor(FeatureExtractor&&) noexcept = default;

const std::string& FeatureExtractor::name() const { return state_->name; }
const std::string& FeatureExtractor::file() const { return state_->file; }
const std::string& FeatureExtractor::hash() const { return state_->hash; }

Extracted FeatureExtractor::extract(const at::Tensor& images) {
  if (images.scalar_type() != at::kByte || images.dim() != 4 || images.numel() == 0) {
    throw config::InputError("images: got " + c10::str(images.scalar_type()) + " " + c10::str(images.sizes()) +
                             ", expected Byte [N, C, H, W]");
  }
  const at::NoGradGuard no_grad;
  const ExactFloat32 exact;
  // the optimising executor recompiles after its first calls, which changes the last digits between calls
  const torch::jit::GraphOptimizerEnabledGuard interpret_as_written(false);
  std::vector<at::Tensor> features;
  std::vector<at::Tensor> logits;
  for (int64_t first = 0; first < images.size(0); first += kBatch) {
    const int64_t rows = std::min(kBatch, images.size(0) - first);
    auto batch = images.narrow(0, first, rows).to(state_->device).contiguous();
    if (rows < kBatch) {
      auto shape = images.sizes().vec();
      shape[0] = kBatch - rows;
      batch = at::cat({batch, at::zeros(shape, batch.options())});
    }
    const auto out = state_->forward(batch);
    features.push_back(out.features.narrow(0, 0, rows));
    if (out.logits.defined()) {
      logits.push_back(out.logits.narrow(0, 0, rows));
    }
  }
  // one copy at the end: a batch that came back at once would make the device wait for it
  return {at::cat(features).to(at::kCPU), logits.empty() ? at::Tensor() : at::cat(logits).to(at::kCPU)};
}

}  // namespace diffbench::quality
