#pragma once
// A network that gives what was recorded: goldens/*.safetensors (make_goldens.py) under the methods that reuse.
//
//   const Golden golden("fora");
//   const auto model = golden.model();
//   auto eps = denoiser->predict(golden.batch({{.place = 3, .row = 0}, {.place = 1, .row = 2}}), trace);
//
// Place p is at the p-th of the recorded times, or counts down: t = P - 1 - p. A row's number is its label.

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "methods/data/tensor_file.h"
#include "methods/model/model.h"
#include "methods/model/tensors.h"
#include "methods/sampling/denoiser.h"

namespace diffbench::recorded {

class Network : public backbones::Backbone {
 public:
  using Hidden = backbones::Hidden;
  using Branch = backbones::Branch;

  // entered [P, R, ...]; changes [P, B, R, ...] or branches [P, 2B, R, ...] with gates [P, 2B]; inputs [P, R, ...]
  Network(std::map<std::string, at::Tensor> recorded, std::vector<double> times)
      : recorded_(std::move(recorded)), times_(std::move(times)) {}

  int block_count() const override {
    return static_cast<int>(recorded_.contains("changes") ? recorded_.at("changes").size(1)
                                                          : recorded_.at("branches").size(1) / 2);
  }
  at::Tensor blank_input(int64_t rows) const override { return at::zeros({rows, 1, 1, 1}); }
  Hidden embed(const at::Tensor&, const std::vector<double>& t, const at::Tensor& labels) override {
    Hidden hidden;
    hidden.t = t;
    hidden.condition = labels.to(at::kDouble).view({-1, 1});
    hidden.tokens = at(recorded_.at("entered"), places_of(hidden), rows_of(hidden)).flatten(1, -2);
    return hidden;
  }
  void transform(int index, Hidden& hidden) override {
    ++runs[index];
    hidden.tokens =
        hidden.tokens +
        at(recorded_.at("changes").select(1, index), places_of(hidden), rows_of(hidden)).view_as(hidden.tokens);
  }
  bool has_branches() const override { return true; }
  // what was recorded, or who asks: a branch gets nothing else to see
  at::Tensor branch_input(int, Branch, const Hidden& hidden) override {
    if (recorded_.contains("inputs")) return at(recorded_.at("inputs"), places_of(hidden), rows_of(hidden));
    return (places_of(hidden) * 100 + rows_of(hidden)).to(at::kFloat).view({-1, 1, 1}).expand_as(hidden.tokens);
  }
  at::Tensor branch_output(int index, Branch branch, const at::Tensor& input) override {
    const auto asked = input.select(1, 0).select(1, 0).to(at::kLong);
    const int number = 2 * index + (branch == Branch::mlp ? 1 : 0);
    ++runs[number];
    return at(recorded_.at("branches").select(1, number), asked.floor_divide(100), asked.remainder(100));
  }
  void add_branch(int index, Branch branch, const at::Tensor& output, Hidden& hidden) override {
    const auto gates = recorded_.at("gates").select(1, 2 * index + (branch == Branch::mlp ? 1 : 0));
    hidden.tokens = hidden.tokens + output * gates.index({places_of(hidden)}).view({-1, 1, 1});
  }
  int64_t token_width() const override { return recorded_.at("entered").size(-1); }
  int64_t image_token_count() const override { return recorded_.at("entered").size(2); }
  at::Tensor head(const Hidden& hidden) override {
    auto shape = recorded_.at("entered").sizes().slice(2).vec();
    shape.insert(shape.begin(), hidden.tokens.size(0));
    return shape.size() == 4 ? hidden.tokens.view(shape) : hidden.tokens.unsqueeze(1);
  }
  backbones::BlockCost cost(int) const override { return {.flops = 10.0}; }
  backbones::BlockCost branch_cost(int, Branch, int64_t) const override { return {.flops = 5.0}; }
  backbones::BlockCost embed_cost() const override { return {}; }
  backbones::BlockCost head_cost() const override { return {}; }

  std::map<int, int> runs;  // calls by block or branch

 private:
  at::Tensor places_of(const Hidden& hidden) const {
    std::vector<int64_t> places;
    for (const double t : hidden.t) places.push_back(std::find(times_.begin(), times_.end(), t) - times_.begin());
    return at::tensor(places, at::kLong);
  }
  static at::Tensor rows_of(const Hidden& hidden) { return hidden.condition.flatten().to(at::kLong); }
  static at::Tensor at(const at::Tensor& values, const at::Tensor& places, const at::Tensor& rows) {
    return values.index({places, rows});
  }

  std::map<std::string, at::Tensor> recorded_;
  std::vector<double> times_;
};

struct Place {
  int64_t place = 0;
  int64_t row = 0;
};

class Golden {
 public:
  explicit Golden(const std::string& name) {
    const auto folder = std::filesystem::path(DIFFBENCH_TESTS_DIR) / "methods/caches/goldens";
    for (const auto& [key, raw] : data::read_tensors(folder / (name + ".safetensors"))) tensors[key] = to_tensor(raw);
  }

  int64_t places() const { return tensors.at("expected").size(0); }
  int64_t rows() const { return tensors.at("expected").size(1); }
  std::vector<double> times() const {
    std::vector<double> times;
    for (int64_t place = 0; place < places(); ++place) {
      times.push_back(tensors.contains("times") ? tensors.at("times")[place].item<double>()
                                                : static_cast<double>(places() - 1 - place));
    }
    return times;
  }
  std::shared_ptr<Model> model() const {
    auto model = std::make_shared<Model>();
    model->name = "recorded";
    model->compute = resolve_compute("cpu", "fp32");
    model->network.backbone = std::make_shared<Network>(tensors, times());
    return model;
  }
  // x [P, R, ...] where it was recorded
  Batch batch(const std::vector<Place>& who) const {
    Batch batch;
    std::vector<int64_t> labels;
    std::vector<at::Tensor> x;
    for (const auto& [place, row] : who) {
      batch.t.push_back(times()[static_cast<size_t>(place)]);
      batch.members.push_back({.sample = row});
      labels.push_back(row);
      x.push_back(tensors.contains("x") ? tensors.at("x")[place][row].unsqueeze(0) : at::zeros({1, 1, 1}));
    }
    batch.labels = at::tensor(labels, at::kLong);
    batch.x = at::stack(x);
    return batch;
  }

  std::map<std::string, at::Tensor> tensors;
};

}  // namespace diffbench::recorded
