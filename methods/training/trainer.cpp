#include "methods/training/trainer.h"

#include <ATen/ATen.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/serialize.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <numbers>

#include "methods/config/input_error.h"
#include "methods/training/training_log.h"

namespace diffbench::training {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<at::Tensor> values_of(const std::map<std::string, at::Tensor>& named) {
  std::vector<at::Tensor> values;
  for (const auto& entry : named) {
    values.push_back(entry.second);
  }
  return values;
}

}  // namespace

Trainer::Trainer(const Recipe& recipe, Task& task, fs::path state_dir)
    : recipe_(recipe),
      task_(task),
      state_dir_(std::move(state_dir)),
      parameters_(values_of(task.parameters())),
      optimizer_(parameters_, torch::optim::AdamWOptions(recipe.learning_rate)
                                  .betas({recipe.beta1, recipe.beta2})
                                  .weight_decay(recipe.weight_decay)) {
  for (const auto& parameter : parameters_) {
    averages_.push_back(parameter.detach().clone());
  }
}

// linear warm-up, then a cosine to 0 that begins anew at every restart (SGDR: Loshchilov and Hutter, ICLR 2017)
double Trainer::learning_rate(int64_t step) const {
  if (step < recipe_.warmup_steps) {
    return recipe_.learning_rate * static_cast<double>(step + 1) / static_cast<double>(recipe_.warmup_steps);
  }
  int64_t begin = recipe_.warmup_steps;
  int64_t end = recipe_.steps;
  for (const int64_t restart : recipe_.restarts) {
    if (restart <= step) {
      begin = restart;
    } else {
      end = std::min(end, restart);
    }
  }
  const double done = static_cast<double>(step - begin) / static_cast<double>(std::max<int64_t>(1, end - begin));
  return recipe_.learning_rate * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
}

void Trainer::update_average(int64_t index) {
  const at::NoGradGuard no_grad;
  const auto i = static_cast<double>(index);
  const double decay = std::min(recipe_.ema_decay, (1.0 + i) / (10.0 + i));
  for (size_t k = 0; k < parameters_.size(); ++k) {
    averages_[k].lerp_(parameters_[k].detach(), 1.0 - decay);
  }
}

void Trainer::step(int64_t index) {
  for (auto& group : optimizer_.param_groups()) {
    group.options().set_lr(learning_rate(index));
  }
  optimizer_.zero_grad();
  const auto loss = task_.loss(index);
  loss.backward();
  torch::nn::utils::clip_grad_norm_(parameters_, recipe_.clip_norm);
  optimizer_.step();
  update_average(index);
  const double value = loss.item<double>();
  if (!std::isfinite(value)) {
    throw std::runtime_error("training diverged: loss " + std::to_string(value) + " at step " + std::to_string(index));
  }
  loss_sum_ += value;
  ++loss_count_;
}

void Trainer::run(const std::function<void(const Progress&)>& report, int64_t until) {
  const int64_t first = restore();
  const int64_t last = until < 0 ? recipe_.steps : std::min(until, recipe_.steps);
  const auto start = Clock::now();
  auto saved = start;
  for (int64_t index = first; index < last; ++index) {
    step(index);
    const int64_t done = index + 1;
    if (done % recipe_.log_every_steps == 0 || done == recipe_.steps) {
      const double rate = static_cast<double>(done - first) / seconds_since(start);
      const Progress progress{done,
                              recipe_.steps,
                              loss_sum_ / static_cast<double>(loss_count_),
                              learning_rate(index),
                              rate * static_cast<double>(recipe_.batch),
                              static_cast<double>(recipe_.steps - done) / rate};
      loss_sum_ = 0.0;
      loss_count_ = 0;
      append_log(state_dir_ / "log.csv", {done, done * recipe_.batch, progress.loss, progress.learning_rate,
                                          trained_seconds_ + seconds_since(start)});
      report(progress);
    }
    if (done == last || seconds_since(saved) > recipe_.save_every_seconds) {
      const double seconds = trained_seconds_;
      trained_seconds_ += seconds_since(start);
      save(done);
      trained_seconds_ = seconds;
      saved = Clock::now();
    }
  }
}

void Trainer::save(int64_t done) {
  torch::serialize::OutputArchive archive;
  archive.write("step", c10::IValue(done));
  archive.write("seconds", c10::IValue(trained_seconds_));
  archive.write("loss_sum", c10::IValue(loss_sum_));
  archive.write("loss_count", c10::IValue(loss_count_));
  for (size_t k = 0; k < parameters_.size(); ++k) {
    archive.write("parameter" + std::to_string(k), parameters_[k].detach());
    archive.write("average" + std::to_string(k), averages_[k]);
  }
  torch::serialize::OutputArchive optimizer;
  optimizer_.save(optimizer);
  archive.write("optimizer", optimizer);
  fs::create_directories(state_dir_);
  const auto temporary = state_dir_ / "state.pt.tmp";
  archive.save_to(temporary.string());
  fs::rename(temporary, state_dir_ / "state.pt");
}

int64_t Trainer::restore() {
  const auto file = state_dir_ / "state.pt";
  if (!fs::exists(file)) {
    fs::remove(state_dir_ / "log.csv");
    return 0;
  }
  const at::NoGradGuard no_grad;
  torch::serialize::InputArchive archive;
  try {
    archive.load_from(file.string());
    const auto read_number = [&](const char* key) {
      c10::IValue value;
      archive.read(key, value);
      return value;
    };
    for (size_t k = 0; k < parameters_.size(); ++k) {
      at::Tensor stored;
      archive.read("parameter" + std::to_string(k), stored);
      parameters_[k].copy_(stored);
      archive.read("average" + std::to_string(k), stored);
      averages_[k].copy_(stored);
    }
    torch::serialize::InputArchive optimizer;
    archive.read("optimizer", optimizer);
    optimizer_.load(optimizer);
    trained_seconds_ = read_number("seconds").toDouble();
    loss_sum_ = read_number("loss_sum").toDouble();
    loss_count_ = read_number("loss_count").toInt();
    const int64_t done = read_number("step").toInt();
    truncate_log(state_dir_ / "log.csv", done);
    return done;
  } catch (const c10::Error&) {
    throw config::InputError(file.string() + ": not the state of this recipe; remove the folder to start again");
  }
}

void Trainer::use_averaged_weights() {
  const at::NoGradGuard no_grad;
  for (size_t k = 0; k < parameters_.size(); ++k) {
    parameters_[k].copy_(averages_[k]);
  }
}

}  // namespace diffbench::training
