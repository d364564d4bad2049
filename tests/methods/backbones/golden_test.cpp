// U-ViT and DiT against independent PyTorch implementations (reference_uvit.py, reference_dit.py), on random weights,
// for every option of [backbone]; make_goldens.py wrote the files.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"

namespace diffbench {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(DIFFBENCH_TESTS_DIR) / "methods/backbones/goldens";

std::vector<std::string> golden_cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kGoldens)) {
    if (fs::exists(entry.path() / "model.toml")) {
      names.push_back(entry.path().filename());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BackboneGolden : public ::testing::TestWithParam<std::string> {
 protected:
  data::NamedTensors io() const { return data::read_tensors(kGoldens / GetParam() / "io.safetensors"); }

  at::Tensor run(const std::string& precision, int exit) const {
    const auto model = load_model(kGoldens / GetParam(), resolve_compute("cpu", precision));
    const auto file = io();
    const auto t = to_tensor(file.at("t")).to(at::kDouble);
    const auto labels = file.contains("y") ? to_tensor(file.at("y")) : at::Tensor();
    const int blocks = model->network.backbone->block_count();
    const auto denoiser = methods::make_method("fixed_exit", {{"exit", exit == 0 ? blocks : exit}},
                                               {.model = model, .load = {}, .where = "test"});
    EvaluationTrace trace;
    const c10::InferenceMode inference;
    return denoiser->predict({to_tensor(file.at("x")).to(model->compute.state_dtype),
                              {t.data_ptr<double>(), t.data_ptr<double>() + t.numel()},
                              labels,
                              numbered_members(t.numel()),
                              file.contains("context") ? to_tensor(file.at("context")) : at::Tensor()},
                             trace);
  }
};

// relative to the largest value: another CPU adds the products in another order, and fp32 shows it
double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  const auto difference = (a.to(at::kDouble) - b.to(at::kDouble)).abs().max();
  return (difference / b.to(at::kDouble).abs().max()).item<double>();
}

TEST_P(BackboneGolden, Fp32EqualsPyTorch) {
  EXPECT_LT(largest_difference(run("fp32", 0), to_tensor(io().at("eps"))), 1e-5);
}

TEST_P(BackboneGolden, Fp64EqualsPyTorch) {
  const auto eps = run("fp64", 0);
  EXPECT_EQ(eps.scalar_type(), at::kDouble);
  EXPECT_LT(largest_difference(eps, to_tensor(io().at("eps_fp64"))), 1e-9);
}

TEST_P(BackboneGolden, EveryStoredExitEqualsPyTorch) {
  int exits = 0;
  for (const auto& [name, expected] : io()) {
    for (const auto& [prefix, precision, tolerance] :
         {std::tuple<std::string, std::string, double>{"eps_exit_", "fp32", 1e-5}, {"eps_fp64_exit_", "fp64", 1e-9}}) {
      if (name.rfind(prefix, 0) == 0) {
        ++exits;
        const int exit = std::stoi(name.substr(prefix.size()));
        EXPECT_LT(largest_difference(run(precision, exit), to_tensor(expected)), tolerance) << name;
      }
    }
  }
  EXPECT_GT(exits, 0);
}

INSTANTIATE_TEST_SUITE_P(Cases, BackboneGolden, ::testing::ValuesIn(golden_cases()),
                         [](const auto& golden) { return golden.param; });

}  // namespace
}  // namespace diffbench
