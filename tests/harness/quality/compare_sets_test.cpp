#include "harness/quality/compare_sets.h"

#include <gmock/gmock.h>
#include <torch/script.h>

#include <filesystem>
#include <limits>

#include "harness/quality/reference_statistics.h"
#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/data/png.h"
#include "methods/data/safetensors.h"
#include "methods/model/tensors.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::file;
using testing::goldens;
using ::testing::HasSubstr;
using testing::images;
using testing::rows;

class CompareSets : public ::testing::Test {
 protected:
  CompareSets() : dir_(std::filesystem::temp_directory_path() / ("diffbench_compare_sets_" + test_name())) {
    std::filesystem::create_directories(dir_);
  }
  ~CompareSets() override { std::filesystem::remove_all(dir_); }

  static std::string test_name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  std::string npz(const std::string& name, const std::vector<std::pair<std::string, at::Tensor>>& tensors) const {
    data::write_npz(dir_ / name, raw(tensors));
    return dir_ / name;
  }
  std::string safetensors(const std::string& name,
                          const std::vector<std::pair<std::string, at::Tensor>>& tensors) const {
    data::write_safetensors(dir_ / name, raw(tensors));
    return dir_ / name;
  }
  std::string folder(const std::string& name, const at::Tensor& batch) const {
    std::filesystem::create_directories(dir_ / name);
    for (int64_t i = 0; i < batch.size(0); ++i) {
      data::write_png(dir_ / name / (std::to_string(10000 + i) + ".png"), data::image_of(to_raw(batch), i));
    }
    return dir_ / name;
  }
  std::string error_of(const std::string& a, const std::string& b, const CompareOptions& options = {}) const {
    try {
      compare_sets(a, b, options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path dir_;

 private:
  static data::NamedTensors raw(const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
    data::NamedTensors out;
    for (const auto& [name, tensor] : tensors) {
      out.emplace(name, to_raw(tensor));
    }
    return out;
  }
};

TEST_F(CompareSets, EveryKindOfImageFileGivesPythonsNumbers) {
  const auto a = images(70, 8, 11);
  const auto b = images(90, 8, 12);
  const auto npz_a = npz("a.npz", {{"arr_0", a.permute({0, 2, 3, 1})}});
  const auto folder_a = folder("a", a);
  const auto samples_a = safetensors("a.safetensors", {{"samples", a.to(at::kFloat) / 255 * 2 - 1}});
  const auto npz_b = npz("b.npz", {{"arr_0", b.permute({0, 2, 3, 1})}});
  const auto& golden = goldens()["extractor"];
  for (const auto& side : {npz_a, folder_a, samples_a}) {
    const auto json = to_json(compare_sets(
        side, npz_b,
        {.extractor = file("tiny_extractor.pt"), .metrics = {"fid", "kid", "is", "prc"}, .kid = {.subsets = 0}}));
    EXPECT_NEAR(json["fid"]["value"], golden["fid"].get<double>(), 1e-7) << side;
    EXPECT_EQ(json["fid"]["n"], nlohmann::json::parse("[70, 90]")) << side;
    EXPECT_NEAR(json["kid"]["value"], golden["kid"].get<double>(), 1e-7) << side;
    EXPECT_NEAR(json["is"]["value"], golden["inception_score"]["value"].get<double>(), 1e-6) << side;
    EXPECT_NEAR(json["is"]["std"], golden["inception_score"]["std"].get<double>(), 1e-6) << side;
    EXPECT_DOUBLE_EQ(json["precision"]["value"], golden["precision_recall"]["precision"].get<double>()) << side;
    EXPECT_DOUBLE_EQ(json["recall"]["value"], golden["precision_recall"]["recall"].get<double>()) << side;
    EXPECT_EQ(json.size(), 5) << side;
  }
}

TEST_F(CompareSets, FeaturesAndStatisticsNeedNoExtractor) {
  const auto a = npz("a.npz", {{"features", rows(60, 8, 1)}});
  const auto b = safetensors("b.safetensors", {{"features", rows(80, 8, 2, 0.1)}});
  const auto gaussian = gaussian_of(rows(80, 8, 2, 0.1));
  const auto without_count = npz("mu_sigma.npz", {{"mu", gaussian.mean}, {"sigma", gaussian.covariance}});
  write_statistics(dir_ / "with_n.npz", gaussian);
  const double golden = goldens()["frechet"]["small"];

  const auto features = compare_sets(a, b, {});
  EXPECT_NEAR(features.find("fid")->value, golden, 1e-11);
  EXPECT_EQ(features.values.size(), 1U);
  const auto statistics = to_json(compare_sets(a, without_count, {}));
  EXPECT_NEAR(statistics["fid"]["value"], golden, 1e-11);
  EXPECT_EQ(statistics["fid"]["n"], nlohmann::json::parse("[60, null]"));
  EXPECT_EQ(compare_sets(a, dir_ / "with_n.npz", {}).find("fid")->count_b, 80);
  EXPECT_NEAR(compare_sets(without_count, b, {}).find("fid")->value, 0.0, 1e-13);
}

TEST_F(CompareSets, StoredStatisticsWinOverTheImagesBesideThem) {
  const auto gaussian = gaussian_of(rows(80, 6, 2));
  const auto a = npz("a.npz", {{"features", rows(60, 6, 1)}});
  const auto b =
      npz("b.npz",
          {{"arr_0", images(90, 8, 12).permute({0, 2, 3, 1})}, {"mu", gaussian.mean}, {"sigma", gaussian.covariance}});
  const auto result = compare_sets(a, b, {});  // without an extractor: the images are not needed
  EXPECT_DOUBLE_EQ(result.find("fid")->value, frechet_distance(gaussian_of(rows(60, 6, 1)), gaussian));
  EXPECT_TRUE(result.extractor_hash.empty());
  EXPECT_FALSE(result.find("fid")->count_b);
  const auto kid = compare_sets(a, b, {.extractor = file("tiny_extractor.pt"), .metrics = {"kid"}});
  EXPECT_EQ(kid.extractor_hash.size(), 64);
}

TEST_F(CompareSets, IntervalIsThatOfTheJackknife) {
  const auto a = npz("a.npz", {{"features", rows(203, 8, 8)}});
  const auto b = npz("b.npz", {{"features", rows(80, 8, 2, 0.1)}});
  const auto json = to_json(compare_sets(a, b, {.interval = true}));
  EXPECT_NEAR(json["fid"]["standard_error"], goldens()["jackknife"]["standard_error"].get<double>(), 1e-9);
  EXPECT_EQ(json["fid"]["groups"], 20);
  EXPECT_EQ(json["fid"]["rule"], "jackknife over 20 groups of samples, Student t");
  EXPECT_LT(json["fid"]["low"].get<double>(), json["fid"]["value"].get<double>());
  const auto few = to_json(compare_sets(npz("few.npz", {{"features", rows(30, 8, 8)}}), b, {.interval = true}));
  EXPECT_TRUE(few["fid"]["value"].is_number());
  EXPECT_TRUE(few["fid"]["low"].is_null() && few["fid"]["high"].is_null());
  EXPECT_EQ(few["fid"]["rule"], "none: 30 samples, an interval needs 2 in each of 20 groups");
  const auto gaussian = gaussian_of(rows(80, 8, 2));
  EXPECT_THAT(error_of(npz("sums.npz", {{"mu", gaussian.mean}, {"sigma", gaussian.covariance}}), b, {.interval = true}),
              HasSubstr("sums.npz: --interval leaves out samples of A"));
}

TEST_F(CompareSets, RefusesMetricsTheInputsDoNotAllow) {
  const auto a = npz("a.npz", {{"features", rows(60, 8, 1)}});
  const auto gaussian = gaussian_of(rows(80, 8, 2));
  const auto b = npz("b.npz", {{"mu", gaussian.mean}, {"sigma", gaussian.covariance}});
  const auto pixels = npz("pixels.npz", {{"arr_0", images(20, 8, 12).permute({0, 2, 3, 1})}});
  EXPECT_THAT(error_of(a, b, {.metrics = {"fdi"}}), HasSubstr("did you mean 'fid'?"));
  EXPECT_THAT(error_of(a, b, {.metrics = {"kid"}}), HasSubstr("b.npz: kid needs features or images"));
  EXPECT_THAT(error_of(a, b, {.metrics = {"prc"}}), HasSubstr("b.npz: precision needs features or images"));
  EXPECT_THAT(error_of(a, b, {.metrics = {"is"}}), HasSubstr("a.npz: inception_score needs logits"));
  EXPECT_THAT(error_of(pixels, b), HasSubstr("pixels.npz: holds images; name their feature extractor"));
  EXPECT_THAT(error_of(pixels, b, {.extractor = file("tiny_extractor.pt")}),
              HasSubstr("different widths: A has 6, B has 8"));
}

TEST_F(CompareSets, RefusesBadFiles) {
  const auto good = npz("good.npz", {{"features", rows(60, 8, 1)}});
  auto bad = rows(20, 8, 1);
  bad[3][0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(error_of(npz("nan.npz", {{"features", bad}}), good), HasSubstr("nan.npz: features: row 3 holds NaN"));
  EXPECT_THAT(error_of(good, npz("one.npz", {{"features", rows(1, 8, 1)}})), HasSubstr("one.npz: features: 1 row"));
  EXPECT_THAT(error_of(npz("narrow.npz", {{"features", rows(20, 5, 1)}}), good), HasSubstr("different widths"));
  EXPECT_THAT(error_of(npz("flat.npz", {{"features", at::zeros({8})}}), good), HasSubstr("flat.npz: features: is"));
  EXPECT_THAT(error_of(npz("other.npz", {{"x", at::zeros({8})}}), good), HasSubstr("other.npz: holds x; expected"));
  EXPECT_THAT(error_of(npz("float.npz", {{"arr_0", at::zeros({2, 8, 8, 1})}}), good), HasSubstr("expected U8"));
  EXPECT_THAT(error_of(npz("mu.npz", {{"mu", at::zeros({8})}}), good), HasSubstr("mu.npz: sigma: missing"));
  EXPECT_THAT(error_of(npz("mix.npz", {{"mu", at::zeros({8})}, {"sigma", at::zeros({7, 7})}}), good),
              HasSubstr("mix.npz: sigma: mu is [8] and sigma [7, 7]"));
  EXPECT_THAT(error_of(npz("uneven.npz", {{"features", rows(20, 8, 1)}, {"logits", rows(19, 8, 1)}}), good),
              HasSubstr("uneven.npz: images, features, logits and labels are of 20 and 19 samples"));
  EXPECT_THAT(error_of(safetensors("inf.safetensors",
                                   {{"samples", at::full({2, 1, 8, 8}, std::numeric_limits<float>::infinity())}}),
                       good),
              HasSubstr("inf.safetensors: samples: hold NaN or infinity"));
  EXPECT_THAT(error_of(dir_ / "missing.npz", good), HasSubstr("missing.npz: no such file"));
  std::filesystem::create_directories(dir_ / "empty");
  EXPECT_THAT(error_of(dir_ / "empty", good), HasSubstr("empty"));
  EXPECT_THAT(error_of(file("goldens.json"), good), HasSubstr("expected a folder of images"));
}

TEST_F(CompareSets, LpipsIsTheNetworksMeanOverPairs) {
  torch::jit::Module network("mean_distance");
  network.define("def forward(self, a, b):\n  return (a - b).abs().flatten(1).mean(1)\n");
  network.save(dir_ / "network.pt");
  const auto a = images(30, 8, 11);
  const auto b = images(30, 8, 12);
  const auto result = compare_sets(npz("a.npz", {{"arr_0", a.permute({0, 2, 3, 1})}}), folder("b", b),
                                   {.metrics = {"lpips"}, .lpips = dir_ / "network.pt"});
  const auto expected = (a.to(at::kDouble) - b.to(at::kDouble)).abs().mean().item<double>() / 127.5;
  EXPECT_NEAR(result.find("lpips")->value, expected, 1e-6);
  EXPECT_EQ(result.find("lpips")->count_a, 30);
}

TEST_F(CompareSets, TorchFidelitysCacheIsAReference) {
  const std::string cached = DIFFBENCH_TESTS_DIR "/methods/data/goldens/statistics.pt";
  const std::string saved = DIFFBENCH_TESTS_DIR "/methods/data/goldens/statistics.npz";
  const auto a = npz("a.npz", {{"features", rows(60, 3, 1)}});
  const auto result = compare_sets(a, cached, {});
  EXPECT_EQ(result.find("fid")->value, compare_sets(a, saved, {}).find("fid")->value);
  EXPECT_EQ(result.find("fid")->count_b, std::nullopt);
}

TEST_F(CompareSets, StatisticsFilesKeepEveryDigit) {
  const auto gaussian = gaussian_of(rows(80, 8, 2));
  write_statistics(dir_ / "s.npz", gaussian);
  const auto back = read_statistics(dir_ / "s.npz");
  EXPECT_TRUE(at::equal(back.mean, gaussian.mean));
  EXPECT_TRUE(at::equal(back.covariance, gaussian.covariance));
  EXPECT_EQ(back.count, 80);
  EXPECT_THROW(read_statistics(npz(
                   "bad_n.npz",
                   {{"mu", gaussian.mean}, {"sigma", gaussian.covariance}, {"n", at::scalar_tensor(1, at::kLong)}})),
               InputError);
}

}  // namespace
}  // namespace diffbench::quality
