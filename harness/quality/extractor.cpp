#include "harness/quality/extractor.h"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "harness/quality/feature_network.h"
#include "harness/quality/input_mode.h"
#include "methods/config/input_error.h"
#include "methods/data/file_io.h"
#include "methods/data/sha256.h"

namespace diffbench::quality {
namespace {

// On a CPU images of 299 x 299 go by 16: the activations of 64 take four times the memory.
constexpr int64_t kBatch = 64;
constexpr int64_t kBatchOfLarge = 16;

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

// on the device, filled up before they are converted: whatever makes the network's input sees batches of one size too
at::Tensor whole_batch(const at::Tensor& images, int64_t size, at::Device device) {
  const auto batch = images.to(device).contiguous();
  if (batch.size(0) == size) return batch;
  auto shape = batch.sizes().vec();
  shape[0] = size - batch.size(0);
  return at::cat({batch, at::zeros(shape, batch.options())});
}

bool are_probabilities(const at::Tensor& rows) {
  return rows.size(1) > 1 && rows.ge(0).logical_and(rows.sum(1, true).sub(1).abs().lt(1e-3)).all().item<bool>();
}

// one copy at the end: a batch that came back at once would make the device wait for it
at::Tensor joined(const std::vector<at::Tensor>& parts) {
  return parts.empty() ? at::Tensor() : at::cat(parts).to(at::kCPU);
}

}  // namespace

struct FeatureExtractor::State {
  std::string name;
  std::string hash;
  at::Device device;
  FeatureNetwork network;

  int64_t batch() const { return network.mode().prepared && device.is_cpu() ? kBatchOfLarge : kBatch; }

  void check(const at::Tensor& images) const {
    if (images.scalar_type() != at::kByte || images.dim() != 4 || images.numel() == 0) {
      throw config::InputError("images: got " + c10::str(images.scalar_type()) + " " + c10::str(images.sizes()) +
                               ", expected Byte [N, C, H, W]");
    }
    if (network.mode().prepared && images.size(1) != 1 && images.size(1) != 3) {
      throw config::InputError(network.file() + ": mode " + network.chosen_mode().name() +
                               " takes images of 1 or 3 channels, got " + c10::str(images.sizes()));
    }
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

FeatureExtractor::FeatureExtractor(const std::string& name_or_file, at::Device device, const config::GivenAt& at,
                                   std::string_view mode) {
  const auto chosen = choose_mode(mode, at.where);
  const auto path = resolve(name_or_file, at);
  state_ = std::make_unique<State>(
      State{name_or_file, data::sha256_of_file(path), device, FeatureNetwork(path.string(), device, chosen)});
}

FeatureExtractor::~FeatureExtractor() = default;
FeatureExtractor::FeatureExtractor(FeatureExtractor&&) noexcept = default;

const std::string& FeatureExtractor::name() const { return state_->name; }
const std::string& FeatureExtractor::file() const { return state_->network.file(); }
const std::string& FeatureExtractor::hash() const { return state_->hash; }
std::string FeatureExtractor::mode() const { return state_->network.chosen_mode().name(); }

Extracted FeatureExtractor::extract(const at::Tensor& images) {
  state_->check(images);
  const at::NoGradGuard no_grad;
  const ExactFloat32 exact;
  // the optimising executor recompiles after its first calls, which changes the last digits between calls
  const torch::jit::GraphOptimizerEnabledGuard interpret_as_written(false);
  auto& network = state_->network;
  const int64_t batch_size = state_->batch();
  std::vector<at::Tensor> features;
  std::vector<at::Tensor> logits;
  std::vector<at::Tensor> spatial;
  for (int64_t first = 0; first < images.size(0); first += batch_size) {
    const int64_t rows = std::min(batch_size, images.size(0) - first);
    const auto batch = whole_batch(images.narrow(0, first, rows), batch_size, state_->device);
    const auto out = network.forward(network.mode().convert(batch));
    features.push_back(out.features.narrow(0, 0, rows));
    if (out.logits.defined()) logits.push_back(out.logits.narrow(0, 0, rows));
    if (out.spatial.defined()) spatial.push_back(out.spatial.narrow(0, 0, rows));
    // asked of the first batch alone: the answer makes the device wait, and every batch has it
    if (first == 0 && are_probabilities(features.front())) {
      throw config::InputError(network.file() + ": gives class probabilities, not features; export what comes before " +
                               "the classifier, or (features, logits)");
    }
  }
  return {.features = joined(features), .logits = joined(logits), .spatial = joined(spatial)};
}

}  // namespace diffbench::quality
