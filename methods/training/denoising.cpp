#include "methods/training/denoising.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "methods/config/input_error.h"
#include "methods/model/checkpoint.h"
#include "methods/training/variational_bound.h"

namespace diffbench::training {
namespace {

// [B,1,1,1]
template <typename Value>
at::Tensor per_row(const std::vector<double>& t, Value&& value) {
  std::vector<float> values(t.size());
  std::transform(t.begin(), t.end(), values.begin(), [&](double time) { return static_cast<float>(value(time)); });
  return at::tensor(values, at::TensorOptions(at::kFloat)).reshape({-1, 1, 1, 1});
}

}  // namespace

Denoising::Denoising(const Recipe& recipe)
    : recipe_(recipe),
      compute_(resolve_compute(recipe.device, "fp32")),
      model_file_(recipe.file.parent_path() / recipe.toml.get<std::string>("model")),
      model_toml_(parse_model_file(model_file_)),
      schedule_(read_noise_schedule(model_toml_.table("noise"))),
      image_(read_image_spec(model_toml_.table_or_empty("image"))),
      batches_(data::load_dataset(recipe.dataset, recipe.data_dir, recipe.dataset == "image_folder" ? "all" : "train"),
               recipe.batch, recipe.seed),
      weights_file_(model_toml_.table("weights").get<std::string>("file")) {
  at::manual_seed(recipe.seed);
  network_ = backbones::make_backbone(model_toml_.table("backbone"), schedule_);
  if (!network_.module) {
    model_toml_.table("backbone").fail("kind", "this backbone has nothing to train");
  }
  if (network_.learned_sigma && schedule_->is_continuous()) {
    model_toml_.table("backbone")
        .fail("learned_sigma", "training it needs a discrete schedule: variances of whole steps");
  }
  check_images();
  if (recipe.label_dropout > 0.0 && network_.classes > 0 && !network_.null_label) {
    throw config::InputError(recipe.file.string() +
                             ": [denoiser] label_dropout: the model has no null label to put in place of a label");
  }
  if (!recipe.start_model.empty()) {
    copy_weights(*load_model(recipe.start_model, resolve_compute("cpu", "fp32"), recipe.start_model_at));
  }
  network_.module->to(compute_.device);
  if (recipe.freeze_time_embedder) {
    freeze_time_embedder();
  }
}

NoisyBatch Denoising::batch(int64_t step) {
  auto random = step_generator(recipe_.seed, step);
  const auto on_cpu = at::TensorOptions(at::kFloat);
  auto images = batches_.images(step).to(at::kFloat) / 255.0 * (image_.high - image_.low) + image_.low;
  if (recipe_.flip) {
    const auto mirrored = at::rand({recipe_.batch, 1, 1, 1}, random, on_cpu) < 0.5;
    images = at::where(mirrored, images.flip({3}), images);
  }
  NoisyBatch batch;
  const auto noise = at::randn(images.sizes(), random, on_cpu);
  const auto drawn =
      schedule_->is_continuous()
          ? 1.0 - at::rand({recipe_.batch}, random, at::TensorOptions(at::kDouble))
          : at::randint(schedule_->train_steps(), {recipe_.batch}, random, at::TensorOptions(at::kDouble));
  batch.t.assign(drawn.data_ptr<double>(), drawn.data_ptr<double>() + recipe_.batch);
  auto labels = batches_.labels(step);
  if (network_.classes > 0) {
    const auto dropped = at::rand({recipe_.batch}, random, on_cpu) < recipe_.label_dropout;
    labels = at::where(dropped, at::full({}, network_.classes, labels.options()), labels);
  }
  const auto x = per_row(batch.t, [&](double t) { return schedule_->alpha(t); }) * images +
                 per_row(batch.t, [&](double t) { return schedule_->sigma(t); }) * noise;
  batch.x = x.to(compute_.device);
  batch.images = images.to(compute_.device);
  batch.target = target(x, noise, batch.t).to(compute_.device);
  batch.labels = labels.to(compute_.device);
  return batch;
}

at::Tensor Denoising::loss(const at::Tensor& output, const NoisyBatch& batch, const at::Tensor& weights) const {
  const int64_t channels = network_.channels;
  const auto predicted = output.to(at::kFloat).narrow(1, 0, channels);
  auto losses = (predicted - batch.target).square();
  if (network_.learned_sigma) {
    const auto form = [&](double time) { return backbones::eps_form(network_.prediction, *schedule_, time); };
    const auto device = batch.x.device();
    const auto eps = per_row(batch.t, [&](double t) { return form(t).output; }).to(device) * predicted.detach() +
                     per_row(batch.t, [&](double t) { return form(t).input; }).to(device) * batch.x;
    const auto v = output.to(at::kFloat).narrow(1, channels, channels);
    losses = losses + variational_bound(*schedule_, {batch.images, batch.x, eps, v, batch.t}).view({-1, 1, 1, 1});
  }
  return (weights.defined() ? losses * weights.to(losses.device()) : losses).mean();
}

at::Tensor Denoising::target(const at::Tensor& x, const at::Tensor& noise, const std::vector<double>& t) const {
  if (network_.prediction == backbones::Prediction::kEps) {
    return noise;
  }
  const auto form = [&](double time) { return backbones::eps_form(network_.prediction, *schedule_, time); };
  return (noise - per_row(t, [&](double time) { return form(time).input; }) * x) /
         per_row(t, [&](double time) { return form(time).output; });
}

std::filesystem::path Denoising::save() const {
  std::filesystem::create_directories(recipe_.output);
  save_weights(named_weights(*network_.module), recipe_.output / weights_file_, at::kHalf);
  const auto model = recipe_.output / "model.toml";
  if (!std::filesystem::exists(model)) {
    std::filesystem::copy_file(model_file_, model);
  }
  return recipe_.output / weights_file_;
}

std::map<std::string, at::Tensor> Denoising::trained() const {
  auto weights = named_weights(*network_.module);
  std::erase_if(weights, [](const auto& weight) { return !weight.second.requires_grad(); });
  return weights;
}

// as ASE's fine-tuning does (train_ase.py)
void Denoising::freeze_time_embedder() {
  bool found = false;
  for (auto& [name, weight] : named_weights(*network_.module)) {
    if (name.starts_with("t_embedder.") || name.starts_with("time_embed.")) {
      at::Tensor(weight).set_requires_grad(false);
      found = true;
    }
  }
  if (!found) {
    throw config::InputError(recipe_.file.string() +
                             ": [denoiser] freeze_time_embedder: the network's time embedder has no weights");
  }
}

void Denoising::check_images() {
  const auto images = batches_.images(0);
  if (images.size(1) != network_.channels || images.size(2) != network_.image_size ||
      images.size(3) != network_.image_size) {
    model_toml_.table("backbone")
        .fail("image_size", "the data set's images are " + std::to_string(images.size(1)) + " x " +
                                std::to_string(images.size(2)) + " x " + std::to_string(images.size(3)));
  }
  if (network_.classes > 0 && batches_.labels(0).max().item<int64_t>() >= network_.classes) {
    model_toml_.table("backbone").fail("classes", "the data set has more");
  }
}

void Denoising::copy_weights(const Model& start) {
  const at::NoGradGuard no_grad;
  const auto from = named_weights(*start.network.module);
  for (auto& [name, parameter] : named_weights(*network_.module)) {
    const auto found = from.find(name);
    if (found == from.end() || found->second.sizes() != parameter.sizes()) {
      throw config::InputError(recipe_.file.string() + ": [denoiser] start_model: '" + recipe_.start_model +
                               "' has another [backbone] (" + name + ")");
    }
    at::Tensor(parameter).copy_(found->second);
  }
}

}  // namespace diffbench::training
