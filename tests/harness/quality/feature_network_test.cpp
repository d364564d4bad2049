#include "harness/quality/feature_network.h"

#include <gmock/gmock.h>
#include <torch/csrc/jit/api/module.h>
#include <unistd.h>

#include <filesystem>

#include "harness/quality/extractor.h"
#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class FeatureNetworkTest : public ::testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / ("diffbench_feature_network_" + std::to_string(getpid()));

  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  // forward's source, behind a submodule `layers` where one is given
  FeatureExtractor make(const std::string& forward, const std::string& mode, const std::string& layers = "") {
    torch::jit::Module module("Network");
    if (!layers.empty()) {
      torch::jit::Module inner("Layers");
      inner.define(layers);
      module.register_module("layers", inner);
    }
    module.define(forward);
    const auto path = (folder_ / "network.pt").string();
    module.save(path);
    return FeatureExtractor(path, at::Device(at::kCPU), {"--extractor"}, mode);
  }

  std::string refusal(const std::string& forward) {
    try {
      make(forward, "plain").extract(testing::images(70, 6, 1));
    } catch (const config::InputError& error) {
      return error.what();
    }
    return "accepted";
  }
};

// as in NVIDIA's file: probabilities unless features are asked for, resizing and normalising inside
constexpr const char* kLikeNvidia = R"(
def forward(self, img, return_features: bool=False, use_fp16: bool=False):
    x = (img.to(6) - 128) / 128
    features = self.layers.forward(x)
    if return_features:
        return features
    return torch.softmax(features, 1)
)";
constexpr const char* kLayers = R"(
def forward(self, x):
    return torch.mean(x, [2, 3], True) + 7.0 * float(x.size(2))
)";

TEST_F(FeatureNetworkTest, FeaturesAreAskedForWhereTheArgumentIs) {
  const auto bytes = testing::images(3, 6, 1).expand({-1, 3, -1, -1});
  const auto expected = (bytes.to(at::kFloat).mean({2, 3}) - 128) / 128 + 42;
  const auto out = make(kLikeNvidia, "plain", kLayers).extract(bytes);
  EXPECT_TRUE(at::allclose(out.features, expected));
  EXPECT_FALSE(out.logits.defined());  // it has no `output`
}

TEST_F(FeatureNetworkTest, PreparedInputGoesPastItsOwnResizing) {
  const auto bytes = at::full({2, 3, 6, 6}, 192, at::kByte);
  for (const char* mode : {"pytorch_fid", "torch_fidelity", "clean_fid", "adm"}) {
    const auto features = make(kLikeNvidia, mode, kLayers).extract(bytes).features;
    EXPECT_TRUE(at::allclose(features, at::full({2, 3}, 0.5F + 7 * 299), 0, 0.01)) << mode;
  }
}

// resizing and normalising twice gives numbers that nobody's tool gives
TEST_F(FeatureNetworkTest, PreparedInputThatCannotGoPastItIsRefused) {
  const auto forward = "def forward(self, x, return_features: bool=False):\n    return torch.mean(x.to(6), [2, 3])\n";
  EXPECT_EQ(make(forward, "plain").extract(testing::images(3, 6, 1)).features.size(1), 1);
  try {
    make(forward, "clean_fid");
    FAIL() << "a network without layers was accepted";
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("network.pt: mode clean_fid resizes and normalises, and so does this network"));
    EXPECT_THAT(error.what(), HasSubstr("use mode plain"));
  }
}

TEST_F(FeatureNetworkTest, LayersOfAnyOtherNetworkAreItsOwnBusiness) {
  const auto forward = "def forward(self, x):\n    return torch.mean(self.layers.forward(x), [2, 3]) * 0.0 + 5.0\n";
  const auto features = make(forward, "clean_fid", kLayers).extract(at::full({2, 3, 6, 6}, 1, at::kByte)).features;
  EXPECT_TRUE(at::equal(features, at::full({2, 3}, 5.0F)));
}

TEST_F(FeatureNetworkTest, SpatialFeaturesAreTheThirdAndFlattened) {
  auto extractor = make(
      "def forward(self, x):\n"
      "    y = x.to(6)\n"
      "    return torch.mean(y, [2, 3]), torch.mean(y, [2, 3]) * 2.0, y[:, :, 1:4]\n",
      "plain");
  const auto bytes = testing::images(70, 6, 1);
  const auto out = extractor.extract(bytes);
  EXPECT_EQ(out.features.sizes(), (std::vector<int64_t>{70, 1}));
  EXPECT_TRUE(at::equal(out.logits, out.features * 2));
  EXPECT_TRUE(at::equal(out.spatial, bytes.slice(2, 1, 4).flatten(1).to(at::kFloat)));
}

TEST_F(FeatureNetworkTest, APoolsOutputIsSqueezed) {
  auto extractor = make("def forward(self, x):\n    return torch.mean(x, [2, 3], True)\n", "pytorch_fid");
  const auto out = extractor.extract(testing::images(3, 6, 1));
  EXPECT_EQ(out.features.sizes(), (std::vector<int64_t>{3, 3}));
  EXPECT_FALSE(out.logits.defined());
  EXPECT_FALSE(out.spatial.defined());
}

TEST_F(FeatureNetworkTest, ProbabilitiesAreRefused) {
  const auto error = refusal("def forward(self, x):\n    return torch.softmax(x.to(6).flatten(1), 1)\n");
  EXPECT_THAT(error, HasSubstr("network.pt: gives class probabilities, not features; "));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("\n")));
  EXPECT_EQ(refusal("def forward(self, x):\n    return torch.softmax(x.to(6).flatten(1), 1) * 1.1\n"), "accepted");
}

TEST_F(FeatureNetworkTest, OtherOutputsAreRefused) {
  EXPECT_THAT(refusal("def forward(self, x):\n    return x.to(6)\n"),
              HasSubstr("network.pt: forward gives [64, 1, 6, 6] as features of 64 images, expected [N, D]"));
  EXPECT_THAT(refusal("def forward(self, x):\n    y = x.flatten(1)\n    return y, y, y, y\n"),
              HasSubstr("network.pt: forward gives a tuple of 4, expected features, (features, logits) or"));
  EXPECT_THAT(refusal("def forward(self, x):\n    y = x.flatten(1)\n    return y, y, y[:3]\n"),
              HasSubstr("network.pt: forward gives [3, 36] as spatial of 64 images, expected [N, ...]"));
  EXPECT_THAT(refusal("def forward(self, x):\n    return [x.flatten(1)]\n"), HasSubstr("expected [N, D]"));
}

// weights by pixel make convolutions answer by pixel, which a view of planes cannot take: it is called as it is written
TEST_F(FeatureNetworkTest, WhatNeedsPlanesKeepsThem) {
  torch::jit::Module module("Network");
  module.register_parameter("weight", testing::uniforms(54, 3).reshape({6, 1, 3, 3}).to(at::kFloat), false);
  module.define(
      "def forward(self, x):\n    y = torch.conv2d(x.to(6), self.weight)\n    return y.view([y.size(0), 6, "
      "36]).mean(2)\n");
  const auto path = (folder_ / "planes.pt").string();
  module.save(path);
  const auto bytes = testing::images(70, 8, 1);
  const auto expected = at::conv2d(bytes.to(at::kFloat), module.attr("weight").toTensor()).mean({2, 3});
  EXPECT_TRUE(at::allclose(FeatureExtractor(path).extract(bytes).features, expected, 1e-5));
}

TEST_F(FeatureNetworkTest, UnknownModesAreRefusedBeforeTheFileIsRead) {
  try {
    FeatureExtractor extractor("no/such/file.pt", at::Device(at::kCPU), {"suite.toml:4: [quality] mode"}, "adn");
    FAIL() << "mode adn was accepted";
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("suite.toml:4: [quality] mode: unknown input mode 'adn'; did you mean 'adm'?"));
  }
}

}  // namespace
}  // namespace diffbench::quality
