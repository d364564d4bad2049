// The network is written once, in TorchScript, so what is trained is what is exported: uint8 NCHW (0..255) in,
// (features [N,128], logits [N,classes]) out. Four convolutions with group normalisation and one hidden layer, whose
// activations are the features.
#include "methods/training/extractor_task.h"

#include <torch/script.h>
#include <torch/torch.h>

#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/model/compute.h"
#include "methods/model/tensors.h"
#include "methods/training/autocast.h"
#include "methods/training/batches.h"

namespace diffbench::training {
namespace {

constexpr int64_t kFeatures = 128;
constexpr int64_t kEvaluationBatch = 500;

const char* const kNetwork = R"(
def stage(self, x, weight, scale, shift):
    x = torch.conv2d(x, weight, None, [1, 1], [1, 1])
    return torch.relu(torch.group_norm(x, 8, scale, shift))

def logits_of(self, features):
    return torch.matmul(features, self.head_weight.t()) + self.head_bias

def forward(self, images):
    x = images.to(self.head_bias.dtype) / 127.5 - 1.0
    x = torch.max_pool2d(self.stage(x, self.conv1, self.scale1, self.shift1), [2, 2])
    x = torch.max_pool2d(self.stage(x, self.conv2, self.scale2, self.shift2), [2, 2])
    x = self.stage(x, self.conv3, self.scale3, self.shift3)
    x = self.stage(x, self.conv4, self.scale4, self.shift4)
    features = torch.relu(torch.matmul(torch.flatten(x, 1), self.hidden_weight.t()) + self.hidden_bias)
    return features, self.logits_of(features)
)";

torch::jit::Module make_network(int64_t channels, int64_t image_size, int64_t classes) {
  torch::jit::Module network("FeatureExtractor");
  const auto add = [&](const std::string& name, at::Tensor value) {
    network.register_parameter(name, value.requires_grad_(), false);
  };
  const std::vector<int64_t> widths{channels, 32, 64, 64, 64};
  for (size_t i = 1; i < widths.size(); ++i) {
    const auto fan_in = static_cast<double>(widths[i - 1] * 9);
    add("conv" + std::to_string(i), at::randn({widths[i], widths[i - 1], 3, 3}) * std::sqrt(2.0 / fan_in));
    add("scale" + std::to_string(i), at::ones({widths[i]}));
    add("shift" + std::to_string(i), at::zeros({widths[i]}));
  }
  const int64_t flat = widths.back() * (image_size / 4) * (image_size / 4);
  add("hidden_weight", at::randn({kFeatures, flat}) * std::sqrt(2.0 / static_cast<double>(flat)));
  add("hidden_bias", at::zeros({kFeatures}));
  add("head_weight", at::randn({classes, kFeatures}) * std::sqrt(1.0 / kFeatures));
  add("head_bias", at::zeros({classes}));
  network.define(kNetwork);
  return network;
}

struct Outputs {
  at::Tensor features;
  at::Tensor logits;
};

Outputs run(torch::jit::Module& network, const at::Tensor& images) {
  const auto outputs = network.forward({images}).toTuple();
  return {outputs->elements()[0].toTensor(), outputs->elements()[1].toTensor()};
}

class ExtractorTask : public Task {
 public:
  explicit ExtractorTask(const Recipe& recipe)
      : recipe_(recipe),
        compute_(resolve_compute(recipe.device, "fp32")),
        train_(data::load_dataset(recipe.dataset, recipe.data_dir, "train")),
        batches_(train_, recipe.batch, recipe.seed),
        name_(recipe.toml.get<std::string>("extractor")),
        reference_name_(recipe.toml.get<std::string>("reference")),
        network_("FeatureExtractor") {
    recipe.toml.reject_unknown_keys();
    if (train_.classes < 2 || train_.images.shape[2] != train_.images.shape[3] || train_.images.shape[2] % 4 != 0) {
      throw config::InputError(
          recipe.file.string() +
          ": [data]: an extractor needs square images, a multiple of 4 pixels wide, of at least two classes");
    }
    at::manual_seed(recipe.seed);
    network_ = make_network(train_.images.shape[1], train_.images.shape[2], train_.classes);
    network_.to(compute_.device);
  }

  std::map<std::string, at::Tensor> parameters() const override {
    std::map<std::string, at::Tensor> parameters;
    for (const auto& parameter : network_.named_parameters()) {
      parameters.emplace(parameter.name, parameter.value);
    }
    return parameters;
  }

  at::Tensor loss(int64_t step) override {
    auto random = step_generator(recipe_.seed, step);
    auto images = batches_.images(step);
    if (recipe_.flip) {
      const auto mirrored = at::rand({recipe_.batch, 1, 1, 1}, random, at::TensorOptions(at::kFloat)) < 0.5;
      images = at::where(mirrored, images.flip({3}), images);
    }
    const Autocast autocast(compute_.device.type(), recipe_.precision == "bf16");
    const auto outputs = run(network_, images.to(compute_.device));
    return at::cross_entropy_loss(outputs.logits.to(at::kFloat), batches_.labels(step).to(compute_.device));
  }

  std::string finish() override {
    const auto test = data::load_dataset(recipe_.dataset, recipe_.data_dir, "test");
    const auto logits = evaluate(to_tensor(test.images)).logits;
    const double accuracy = (logits.argmax(1) == to_tensor(test.labels)).to(at::kDouble).mean().item<double>();
    std::filesystem::create_directories(recipe_.output);
    const auto file = recipe_.output / name_;
    network_.eval();
    network_.to(at::kCPU);
    network_.save(file.string() + ".tmp");
    std::filesystem::rename(file.string() + ".tmp", file);
    write_reference(evaluate(to_tensor(train_.images)).features.to(at::kDouble));
    char text[64];
    std::snprintf(text, sizeof text, ": test accuracy %.4f", accuracy);
    return "wrote " + file.string() + text;
  }

 private:
  Outputs evaluate(const at::Tensor& images) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> features;
    std::vector<at::Tensor> logits;
    for (const auto& batch : images.split(kEvaluationBatch)) {
      const auto outputs = run(network_, batch.to(parameters().begin()->second.device()));
      features.push_back(outputs.features.to(at::kCPU));
      logits.push_back(outputs.logits.to(at::kCPU));
    }
    return {at::cat(features), at::cat(logits)};
  }

  // Mean and unbiased covariance of the training set's features, which is what an FID compares against, and as many of
  // the rows as KID, precision and recall take: those of the whole set would be six times the file.
  void write_reference(const at::Tensor& features) const {
    data::NamedTensors reference;
    reference.emplace("mu", to_raw(features.mean(0)));
    reference.emplace("sigma", to_raw(at::cov(features.t())));
    reference.emplace("n", to_raw(at::full({}, features.size(0), at::TensorOptions(at::kLong))));
    constexpr int64_t kRowsKept = 10'000;
    const int64_t kept = std::min(kRowsKept, features.size(0));
    reference.emplace("features", to_raw(features.narrow(0, 0, kept).contiguous()));
    reference.emplace("labels", to_raw(to_tensor(train_.labels).narrow(0, 0, kept).contiguous()));
    data::write_npz(recipe_.output / reference_name_, reference);
  }

  Recipe recipe_;
  Compute compute_;
  data::ImageDataset train_;
  Batches batches_;
  std::string name_;
  std::string reference_name_;
  torch::jit::Module network_;
};

}  // namespace

std::unique_ptr<Task> make_extractor_task(const Recipe& recipe) { return std::make_unique<ExtractorTask>(recipe); }

}  // namespace diffbench::training
