// The U-ViT against an independent PyTorch implementation (reference_uvit.py), on random weights, for every option of
// [backbone]; make_goldens.py wrote the files.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "methods/data/tensor_file.h"
#include "methods/registry.h"
#include "methods/tensors.h"

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

class UViTGolden : public ::testing::TestWithParam<std::string> {
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
    return denoiser->predict(to_tensor(file.at("x")).to(model->compute.state_dtype),
                             {t.data_ptr<double>(), t.data_ptr<double>() + t.numel()}, labels, trace);
  }
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST_P(UViTGolden, Fp32EqualsPyTorch) {
  EXPECT_LT(largest_difference(run("fp32", 0), to_tensor(io().at("eps"))), 1e-5);
}

TEST_P(UViTGolden, Fp64EqualsPyTorch) {
  const auto eps = run("fp64", 0);
  EXPECT_EQ(eps.scalar_type(), at::kDouble);
  EXPECT_LT(largest_difference(eps, to_tensor(io().at("eps_fp64"))), 1e-9);
}

TEST_P(UViTGolden, EveryStoredExitEqualsPyTorch) {
  int exits = 0;
  for (const auto& [name, expected] : io()) {
    if (name.rfind("eps_exit_", 0) == 0) {
      ++exits;
      EXPECT_LT(largest_difference(run("fp32", std::stoi(name.substr(9))), to_tensor(expected)), 1e-5) << name;
    }
  }
  EXPECT_GT(exits, 0);
}

INSTANTIATE_TEST_SUITE_P(Cases, UViTGolden, ::testing::ValuesIn(golden_cases()),
                         [](const auto& golden) { return golden.param; });

}  // namespace
}  // namespace diffbench
