// The metrics against the tools that others use: tool_goldens.json, which make_tool_goldens.py wrote.
#include <gmock/gmock.h>

#include "harness/quality/metrics.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using testing::rows;

const nlohmann::json& tool_goldens() {
  static const nlohmann::json kGoldens = nlohmann::json::parse(std::ifstream(testing::file("tool_goldens.json")));
  return kGoldens;
}

double value_of(const char* metric, const at::Tensor& a, const at::Tensor& b) {
  Reference reference;
  reference.rows = rows_of(b);
  reference.features = std::make_shared<FrechetReference>(gaussian_of(b));
  Evidence evidence;
  evidence.features = rows_of(a);
  evidence.reference = &reference;
  return compute(find_metrics({metric}, "test"), evidence)[0].replicates.value;
}

void expect_near(double value, const nlohmann::json& golden, double relative, const std::string& what) {
  EXPECT_NEAR(value, golden.get<double>(), relative * std::abs(golden.get<double>())) << what;
}

TEST(ToolGoldens, SetsWithFewRowsTooAgreeWithEveryTool) {
  const std::map<std::string, std::pair<at::Tensor, at::Tensor>> sets = {
      {"small", {rows(60, 8, 1), rows(80, 8, 2, 0.1)}},
      {"wide", {rows(300, 128, 3), rows(400, 128, 4, 0.05)}},
      {"deficient", {rows(60, 128, 5), rows(50, 128, 6, 0.05)}}};  // fewer rows than columns
  for (const auto& [name, pair] : sets) {
    const auto& golden = tool_goldens()[name];
    const auto& [a, b] = pair;
    expect_near(value_of("fid", a, b), golden["pytorch_fid"], 1e-6, name);
    expect_near(value_of("fid", a, b), golden["torch_fidelity_fid"], 1e-6, name);
    expect_near(value_of("fid", a, b), golden["exact_fid"], 1e-10, name);
    expect_near(value_of("precision", a, b), golden["torch_fidelity_precision"], 1e-6, name);  // theirs is float32
    expect_near(value_of("recall", a, b), golden["torch_fidelity_recall"], 1e-6, name);
    expect_near(value_of("density", a, b), golden["density"], 1e-12, name);
    expect_near(value_of("coverage", a, b), golden["coverage"], 1e-12, name);
    expect_near(value_of("cmmd", a, b), golden["cmmd"], 1e-9, name);
  }
  const auto& small = sets.at("small");
  const auto& wide = sets.at("wide");
  const char* key = "torch_fidelity_kid_of_equal_counts";
  expect_near(value_of("kid", small.first, small.second.narrow(0, 0, 60)), tool_goldens()["small"][key], 1e-6, key);
  expect_near(value_of("kid", wide.first, wide.second.narrow(0, 0, 300)), tool_goldens()["wide"][key], 1e-6, key);
}

TEST(ToolGoldens, PairsAgreeWithScikitImage) {
  const auto pixels = [](uint64_t seed) {
    return (testing::uniforms(int64_t{6} * 3 * 16 * 19, seed) * 256).floor().reshape({6, 3, 16, 19});
  };
  const auto a = pixels(41);
  const auto b = (0.7 * a + 0.3 * pixels(42)).to(at::kByte);
  Evidence other;
  other.images = rows_of(b);
  Evidence evidence;
  evidence.images = rows_of(a.to(at::kByte));
  evidence.baseline = &other;
  const auto computed = compute(find_metrics({"ssim", "psnr"}, "test"), evidence);
  expect_near(computed[0].replicates.value, tool_goldens()["pairs"]["ssim"], 1e-10, "ssim");
  expect_near(computed[1].replicates.value, tool_goldens()["pairs"]["psnr"], 1e-10, "psnr");
}

}  // namespace
}  // namespace diffbench::quality
