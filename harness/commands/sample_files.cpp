#include "harness/commands/sample_files.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/data/png.h"
#include "methods/data/safetensors.h"
#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"
#include "methods/sampling/sampler.h"

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;

at::Tensor index_of(const std::vector<int64_t>& rows) { return at::tensor(rows, at::TensorOptions(at::kLong)); }

// tensor `name` whose last dimensions are `image_shape` and whose dimension before them holds at least `num` rows
at::Tensor read_noise(const data::NamedTensors& file, const std::string& path, const std::string& name, int64_t num,
                      const std::vector<int64_t>& image_shape, size_t leading) {
  const auto& raw = file.at(name);
  const auto& shape = raw.shape;
  const bool fits = shape.size() == leading + image_shape.size() &&
                    std::equal(image_shape.begin(), image_shape.end(), shape.end() - 3) && shape[leading - 1] >= num;
  if (!fits) {
    throw config::InputError(path + ": " + name + ": shape " + raw.shape_text() + " instead of " +
                             (leading == 2 ? "[K, " : "[") + "N >= " + std::to_string(num) + ", " +
                             std::to_string(image_shape[0]) + ", " + std::to_string(image_shape[1]) + ", " +
                             std::to_string(image_shape[2]) + "]");
  }
  const auto tensor = to_tensor(raw);
  if (!tensor.is_floating_point() || !at::isfinite(tensor).all().item<bool>()) {
    throw config::InputError(path + ": " + name + ": must be finite floating-point numbers");
  }
  return tensor;
}

}  // namespace

SampleInputs read_sample_inputs(const std::string& noise_file, const std::string& labels_file, int64_t num,
                                const backbones::Network& network, int draws_needed) {
  SampleInputs inputs;
  const std::vector<int64_t> image_shape{network.channels, network.image_size, network.image_size};
  if (!noise_file.empty()) {
    const auto file = data::read_tensors(noise_file);
    if (!file.contains("noise")) {
      throw config::InputError(noise_file + ": no tensor 'noise'");
    }
    inputs.noise = read_noise(file, noise_file, "noise", num, image_shape, 1);
    if (file.contains("step_noise") && draws_needed > 0) {
      inputs.step_noise = read_noise(file, noise_file, "step_noise", num, image_shape, 2);
    }
    const int64_t draws = inputs.step_noise.defined() ? inputs.step_noise.size(0) : 0;
    if (draws < draws_needed) {
      throw config::InputError(noise_file + ": step_noise: holds " + std::to_string(draws) +
                               " draws, the solver needs " + std::to_string(draws_needed));
    }
  }
  if (!labels_file.empty()) {
    const auto file = data::read_tensors(labels_file);
    const auto found = file.find("labels");
    if (found == file.end() || found->second.dtype != data::DType::i64 || found->second.shape.size() != 1 ||
        found->second.shape[0] < num) {
      throw config::InputError(labels_file + ": needs 'labels', int64 [N] with N >= " + std::to_string(num));
    }
    inputs.labels = to_tensor(found->second);
    if (inputs.labels.min().item<int64_t>() < 0 || inputs.labels.max().item<int64_t>() > network.last_label()) {
      throw config::InputError(labels_file + ": labels: must be 0 to " + std::to_string(network.last_label()) +
                               (network.null_label ? " (the last is the null label)" : ""));
    }
  }
  return inputs;
}

TextInputs read_text(const std::string& file, int64_t num, const Model& model) {
  const auto& network = model.network;
  if (network.context_tokens == 0) {
    if (!file.empty()) {
      throw config::InputError("--context: '" + model.name + "' takes no text");
    }
    return {};
  }
  if (file.empty()) {
    throw config::InputError("--context: '" + model.name +
                             "' is a text-to-image network: a file with the texts' features is needed");
  }
  const auto tensors = data::read_tensors(file);
  const std::vector<int64_t> shape{network.context_tokens, network.context_width};
  const auto read = [&](const std::string& name, size_t leading) {
    const auto& raw = tensors.at(name);
    if (raw.shape.size() != leading + 2 || !std::equal(shape.begin(), shape.end(), raw.shape.end() - 2) ||
        (leading == 1 && raw.shape[0] < num)) {
      throw config::InputError(file + ": " + name + ": shape " + raw.shape_text() + " instead of [" +
                               (leading == 1 ? "N >= " + std::to_string(num) + ", " : "") + std::to_string(shape[0]) +
                               ", " + std::to_string(shape[1]) + "]");
    }
    const auto tensor = to_tensor(raw);
    if (!tensor.is_floating_point() || !at::isfinite(tensor).all().item<bool>()) {
      throw config::InputError(file + ": " + name + ": must be finite floating-point numbers");
    }
    return tensor;
  };
  if (!tensors.contains("context")) {
    throw config::InputError(file + ": no tensor 'context'");
  }
  return {.context = read("context", 1),
          .null_context = tensors.contains("null_context") ? read("null_context", 0) : at::Tensor()};
}

std::unique_ptr<NoiseSource> SampleInputs::noise_of(const std::vector<int64_t>& rows, uint64_t seed,
                                                    const std::vector<int64_t>& image_shape,
                                                    const Compute& compute) const {
  if (!noise.defined()) {
    return std::make_unique<PhiloxNoise>(seed, rows, image_shape, compute);
  }
  const auto index = index_of(rows);
  return std::make_unique<GivenNoise>(noise.index_select(0, index),
                                      step_noise.defined() ? step_noise.index_select(1, index) : step_noise, compute);
}

Prompt SampleInputs::prompt_of(const std::vector<int64_t>& rows, int64_t classes, const Compute& compute) const {
  Prompt prompt;
  if (context.defined()) {
    prompt.context = context.index_select(0, index_of(rows)).to(compute.device, compute.state_dtype);
  } else if (classes == 0 || !labels.defined()) {
    prompt.labels = default_labels(rows, classes, compute);
  } else {
    prompt.labels = labels.index_select(0, index_of(rows)).to(compute.device);
  }
  return prompt;
}

at::Tensor SampleInputs::all_labels(int64_t num, int64_t classes) const {
  if (classes == 0) {
    return {};
  }
  return labels.defined() ? labels.slice(0, 0, num) : at::arange(num, at::TensorOptions(at::kLong)) % classes;
}

void check_file_output(const std::string& flag, const std::string& out) {
  const auto parent = fs::path(out).parent_path();
  if (!parent.empty() && !fs::is_directory(parent)) {
    throw config::InputError(flag + " " + out + ": the folder " + parent.string() + " does not exist");
  }
  if (fs::is_directory(out)) {
    throw config::InputError(flag + " " + out + ": is a folder");
  }
}

void check_tensor_output(const std::string& flag, const std::string& out) {
  if (fs::path(out).extension() != ".safetensors") {
    throw config::InputError(flag + " " + out + ": must end in .safetensors");
  }
  check_file_output(flag, out);
}

void check_output(const std::string& out) {
  const auto extension = fs::path(out).extension();
  if (extension == ".npz" || extension == ".safetensors") {
    check_file_output("--out", out);
    return;
  }
  if (!extension.empty() && !fs::is_directory(out)) {
    throw config::InputError("--out " + out + ": must be a folder, or end in .npz or .safetensors");
  }
  const auto path = fs::path(out).has_filename() ? fs::path(out) : fs::path(out).parent_path();  // "file.npz/"
  if (fs::exists(path) && !fs::is_directory(path)) {
    throw config::InputError("--out " + out + ": is a file");
  }
}

void write_samples(const std::string& out, const at::Tensor& samples, const at::Tensor& labels,
                   const ImageSpec& image) {
  const auto extension = fs::path(out).extension();
  if (extension == ".safetensors") {
    data::NamedTensors tensors{{"samples", to_raw(samples)}};
    if (labels.defined()) {
      tensors.emplace("labels", to_raw(labels));
    }
    data::write_safetensors(out, tensors);
    return;
  }
  const auto bytes = to_uint8(samples, image);
  if (extension == ".npz") {
    data::NamedTensors arrays{{"arr_0", to_raw(bytes.permute({0, 2, 3, 1}))}};
    if (labels.defined()) {
      arrays.emplace("arr_1", to_raw(labels));
    }
    data::write_npz(out, arrays);
    return;
  }
  if (bytes.size(1) != 1 && bytes.size(1) != 3) {
    throw config::InputError("--out " + out + ": PNG needs 1 or 3 channels; write .npz or .safetensors");
  }
  fs::create_directories(out);
  const auto raw = to_raw(bytes);
  for (int64_t i = 0; i < bytes.size(0); ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "%06lld.png", static_cast<long long>(i));
    data::write_png(fs::path(out) / name, data::image_of(raw, i));
  }
}

void write_trace(const std::string& out, const std::vector<double>& t, const std::vector<at::Tensor>& x,
                 const std::vector<at::Tensor>& eps) {
  data::write_safetensors(out, {{"t", to_raw(at::tensor(t, at::TensorOptions(at::kDouble)))},
                                {"x", to_raw(at::stack(x))},
                                {"eps", to_raw(at::stack(eps))}});
}

}  // namespace diffbench::commands
