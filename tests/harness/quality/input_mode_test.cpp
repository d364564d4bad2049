#include "harness/quality/input_mode.h"

#include <ATen/ATen.h>
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "harness/quality/extractor.h"
#include "methods/config/input_error.h"
#include "methods/data/npz.h"
#include "methods/model/tensors.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using testing::file;
using ::testing::HasSubstr;

constexpr double kAgreement = 1e-4;  // relative

// what make_mode_goldens.py says of each image file
const nlohmann::json& cases() {
  static const nlohmann::json kCases = testing::json_of("mode_goldens.json")["cases"];
  return kCases;
}

const data::NamedTensors& arrays() {
  static const data::NamedTensors kArrays = data::read_npz(file("mode_images.npz"));
  return kArrays;
}

// u8 [1, C, H, W], as Pillow decodes the file
at::Tensor image_of(const nlohmann::json& one) {
  return to_tensor(arrays().at(one["name"])).permute({2, 0, 1}).unsqueeze(0).contiguous();
}

at::Tensor golden(const nlohmann::json& one, const std::string& output) {
  return at::tensor(one[output].get<std::vector<double>>()).unsqueeze(0);
}

// of each single number; where the tool gives exactly zero (a unit that is off), so must we
double relative_error(const at::Tensor& ours, const at::Tensor& theirs) {
  const auto difference = (ours.to(at::kDouble) - theirs).abs();
  return (difference / theirs.abs().clamp_min(1e-30)).max().item<double>();
}

FeatureExtractor extractor_of(const std::string& name, const std::string& mode) {
  return FeatureExtractor(file(name), at::Device(at::kCPU), {"--extractor"}, mode);
}

FeatureExtractor tiny_inception(const std::string& mode) { return extractor_of("tiny_inception.pt", mode); }

class ToolMode : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(InputMode, ToolMode, ::testing::Values("pytorch_fid", "torch_fidelity", "clean_fid", "adm"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(ToolMode, FeaturesAreThoseOfTheTool) {
  auto extractor = tiny_inception(GetParam());
  EXPECT_EQ(extractor.mode(), GetParam());
  double worst = 0.0;
  for (const auto& one : cases()) {
    SCOPED_TRACE(one["name"]);
    const auto out = extractor.extract(image_of(one));
    const double error = relative_error(out.features, golden(one, GetParam()));
    EXPECT_LT(error, kAgreement);
    worst = std::max(worst, error);
    // what inception scores are made of: without the bias that the network's own probabilities have
    const auto logits = std::string(GetParam()) + "_logits";
    if (!one.contains(logits)) continue;
    EXPECT_LT(relative_error(out.logits, golden(one, logits)), kAgreement);
  }
  RecordProperty("largest_relative_error", fmt::format("{:.2g}", worst));
}

TEST_P(ToolMode, GreyIsThatInThreeChannels) {
  auto extractor = tiny_inception(GetParam());
  const auto grey = testing::images(3, 41, 5);
  EXPECT_TRUE(at::equal(extractor.extract(grey).features, extractor.extract(grey.expand({-1, 3, -1, -1})).features));
}

TEST_P(ToolMode, RowsDoNotDependOnTheirBatch) {
  auto extractor = tiny_inception(GetParam());
  const auto batch = testing::images(66, 23, 6);
  const auto whole = extractor.extract(batch).features;
  EXPECT_TRUE(at::equal(extractor.extract(batch.narrow(0, 5, 40)).features, whole.narrow(0, 5, 40)));
  EXPECT_TRUE(at::equal(extractor.extract(batch.narrow(0, 62, 4)).features, whole.narrow(0, 62, 4)));
}

TEST_P(ToolMode, OtherChannelsAreRefused) {
  auto extractor = tiny_inception(GetParam());
  try {
    extractor.extract(at::zeros({2, 4, 8, 8}, at::kByte));
    FAIL() << "4 channels were accepted";
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("tiny_inception.pt: mode " + std::string(GetParam()) +
                                        " takes images of 1 or 3 channels, got [2, 4, 8, 8]"));
  }
}

TEST(InputMode, PlainIsWhatNvidiasFileMakesOfTheBytes) {
  auto extractor = tiny_inception("plain");
  double worst = 0.0;
  for (const auto& one : cases()) {
    SCOPED_TRACE(one["name"]);
    const auto colours = image_of(one).expand({-1, 3, -1, -1});
    const double error = relative_error(extractor.extract(colours).features, golden(one, "plain"));
    EXPECT_LT(error, kAgreement);
    worst = std::max(worst, error);
  }
  RecordProperty("largest_relative_error", fmt::format("{:.2g}", worst));
}

TEST(InputMode, AdmGivesAllThatItsEvaluatorReads) {
  auto extractor = extractor_of("tiny_adm.pt", "adm");
  double worst = 0.0;
  for (const auto& one : cases()) {
    SCOPED_TRACE(one["name"]);
    const auto out = extractor.extract(image_of(one));
    EXPECT_LT(relative_error(out.features, golden(one, "adm")), kAgreement);
    EXPECT_LT(relative_error(out.logits, golden(one, "adm_logits")), kAgreement);
    const auto spatial = to_tensor(arrays().at(one["name"].get<std::string>() + ".spatial")).unsqueeze(0);
    ASSERT_EQ(out.spatial.sizes(), spatial.sizes());
    const auto error = (out.spatial - spatial).norm().item<double>() / spatial.norm().item<double>();
    EXPECT_LT(error, kAgreement);
    worst = std::max(worst, error);
  }
  RecordProperty("largest_relative_error_of_spatial", fmt::format("{:.2g}", worst));
}

// the agreement above means something: another tool's way is much further away than our error may be
TEST(InputMode, ToolsDifferByMoreThanTheAgreementAskedFor) {
  const auto& one = cases()[0];
  const std::vector<std::string> prepared = {"pytorch_fid", "torch_fidelity", "clean_fid"};
  for (const auto& ours : prepared) {
    const auto features = tiny_inception(ours).extract(image_of(one)).features;
    for (const auto& other : prepared) {
      if (other == ours) continue;
      EXPECT_GT(relative_error(features, golden(one, other)), 1e-3) << ours << " " << other;
    }
  }
}

TEST(InputMode, EachHasItsNameAndASentence) {
  std::set<std::string_view> names;
  for (const auto& mode : input_modes()) {
    EXPECT_TRUE(names.insert(mode.name).second) << mode.name;
    EXPECT_FALSE(mode.summary.empty());
    EXPECT_FALSE(mode.output.empty());
    EXPECT_FALSE(mode.source.empty());
    EXPECT_EQ(&find_input_mode(mode.name, "--mode"), &mode);
  }
  EXPECT_EQ(input_modes().front().name, "plain");
  try {
    find_input_mode("clean-fid", "--mode");
    FAIL() << "an unknown mode was found";
  } catch (const config::InputError& error) {
    EXPECT_STREQ(error.what(),
                 "--mode: unknown input mode 'clean-fid'; did you mean 'clean_fid'? (valid: plain pytorch_fid "
                 "torch_fidelity clean_fid adm)");
  }
}

TEST(InputMode, BicubicIsClippedAndNotRoundedToPixels) {
  const auto& mode = find_input_mode("clean_fid", "--mode");
  // a step from 0 to 255 overshoots on both sides
  const auto step = at::cat({at::zeros({1, 1, 8, 4}, at::kByte), at::full({1, 1, 8, 4}, 255, at::kByte)}, 3);
  const auto input = mode.convert(step);
  EXPECT_EQ(input.min().item<float>(), -1.0F);
  EXPECT_EQ(input.max().item<float>(), 127.0F / 128);
  const auto pixels = input * 128 + 128;
  EXPECT_GT((pixels - pixels.round()).abs().max().item<float>(), 0.1F);
}

// the precision is a part of the mode's name, so values of both never share a column
TEST(InputMode, Bfloat16IsANameOfItsOwnAndNearFloat32) {
  auto exact = tiny_inception("clean_fid");
  auto rounded = tiny_inception("clean_fid+bf16");
  EXPECT_EQ(rounded.mode(), "clean_fid+bf16");
  const auto batch = testing::images(5, 41, 5);
  const auto expected = exact.extract(batch).features;
  const auto features = rounded.extract(batch).features;
  EXPECT_EQ(features.scalar_type(), at::kFloat);
  const double error = ((features - expected).norm() / expected.norm()).item<double>();
  EXPECT_GT(error, 1e-5);
  EXPECT_LT(error, 1e-2);
  EXPECT_TRUE(at::equal(exact.extract(batch).features, expected));  // the setting ends with the call
  EXPECT_THROW(choose_mode("clean_fid+fp16", "--mode"), config::InputError);
}

TEST(InputMode, PlainPassesTheBytesOn) {
  const auto bytes = testing::images(2, 5, 9);
  EXPECT_TRUE(find_input_mode("plain", "--mode").convert(bytes).is_same(bytes));
}

}  // namespace
}  // namespace diffbench::quality
