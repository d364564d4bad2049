// What a suite asks for and cannot have is refused before anything is sampled, not as a failed cell hours later.

#include "harness/measure/quality_tools.h"

#include <gmock/gmock.h>

#include "methods/config/input_error.h"

namespace diffbench::measure {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSuite = R"(
name = "short"
[run]
batch = [4]
[[method]]
name = "full"
[[solver]]
name = "ddim"
grid = "trailing"
steps = [4]
[quality]
extractor = "fashion_mnist"
)";

std::string refusal(const std::string& metric, const std::string& samples) {
  const auto suite = suite::parse_suite_text(kSuite, "short.toml",
                                             {"quality.metrics=[\"" + metric + "\"]", "quality.samples=" + samples});
  try {
    load_quality_tools(suite, at::kCPU);
  } catch (const config::InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(QualityTools, MetricsThatTheSamplesWillNotGiveAreRefused) {
  EXPECT_THAT(refusal("prc", "5"), HasSubstr("precision needs at least 6 samples, and [quality] samples is 5"));
  EXPECT_THAT(refusal("coverage", "5"), HasSubstr("coverage needs at least 6 samples"));
  EXPECT_THAT(refusal("fid_infinity", "39"), HasSubstr("fid_infinity needs at least 40 samples"));
}

TEST(QualityTools, ANetworkInTwoModesHasTwoNames) {
  const std::string also = R"(
[[quality.also]]
extractor = "fashion_mnist"
reference = "REFERENCE"
mode = "MODE"
)";
  const auto names = [&](const std::vector<std::string>& modes) {
    std::string text = kSuite;
    for (const auto& mode : modes) {
      auto entry = also;
      entry.replace(entry.find("REFERENCE"), 9, config::zoo_path("fashion_mnist") / "reference.npz");
      text += entry.replace(entry.find("MODE"), 4, mode);
    }
    std::vector<std::string> found;
    const auto tools =
        load_quality_tools(suite::parse_suite_text(text, "short.toml", {"quality.samples=64"}), at::kCPU);
    for (const auto& network : tools->networks) found.push_back(network.row.name);
    return found;
  };
  EXPECT_THAT(names({"clean_fid", "plain+bf16"}),
              ::testing::ElementsAre("fashion_mnist", "fashion_mnist clean_fid", "fashion_mnist plain+bf16"));
  EXPECT_THROW(names({"plain", "plain"}), config::InputError);
}

}  // namespace
}  // namespace diffbench::measure
