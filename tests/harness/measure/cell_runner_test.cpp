// The real Runner, on tiny models.

#include "harness/measure/cell_runner.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/script.h>

#include <fstream>

#include "harness/measure/shard.h"
#include "methods/config/input_error.h"
#include "tests/methods/test_models.h"

namespace diffbench::measure {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kMixture = R"([backbone]
kind = "gaussian_mixture"
image_size = 4
channels = 1
means = [-0.5, 0.5]
stds = [0.1, 0.1]
weights = [0.5, 0.5]
[noise]
schedule = "linear"
)";

// a suite of one method on one model, and its cells
struct Planned {
  suite::Suite suite;
  std::vector<suite::Cell> cells;

  Planned(const std::string& model, const std::string& method) {
    suite = suite::parse_suite_text("name = \"one\"\n[run]\nmodel = \"" + model +
                                        "\"\n[[method]]\nname = \"full\"\n[[method]]\n" + method +
                                        "\n[[solver]]\nname = \"ddim\"\ngrid = \"trailing\"\nsteps = [3]\n",
                                    "one.toml");
    cells = suite::plan(suite);
  }
};

std::string checksum(Runner& runner, const std::vector<int64_t>& samples) {
  Checksum sum;
  sum.add_samples(runner.run(samples).samples, samples.front());
  return sum.hex();
}

class DecodedModel {
 public:
  DecodedModel() {
    std::ofstream(folder_.path() / "model.toml") << kMixture << "[image]\ndecoder = \"decoder.pt\"\nscale = 0.5\n";
    torch::jit::Module decoder("decoder");
    decoder.define("def forward(self, x):\n  return x.repeat_interleave(2, 2).repeat_interleave(2, 3)\n");
    decoder.save((folder_.path() / "decoder.pt").string());
  }
  std::string path() const { return folder_.path().string(); }

 private:
  testing_models::TemporaryFolder folder_;
};

TEST(CellRunner, LatencyIsToTheDecodedImageAndTheDecodersPartIsTold) {
  const DecodedModel model;
  const Planned planned(model.path(), "name = \"null\"");
  ModelCache models("cpu");
  CellRunner runner(planned.cells[0], planned.suite, models);
  runner.prepare(2, nullptr);
  const auto batch = runner.run({0, 1});
  EXPECT_EQ(batch.samples.sizes(), (std::vector<int64_t>{2, 1, 4, 4}));
  EXPECT_EQ(batch.images.sizes(), (std::vector<int64_t>{2, 1, 8, 8}));
  EXPECT_TRUE(at::equal(batch.images.slice(2, 0, 8, 2).slice(3, 0, 8, 2), batch.samples / 0.5));
  EXPECT_GT(batch.decode_ns, 0);
  EXPECT_GT(batch.duration_ns, batch.decode_ns);
  EXPECT_THAT(runner.facts().artifacts, Contains(Field(&results::ArtifactRow::role, "decoder")));
}

TEST(CellRunner, ADecoderThatIsMissingIsNamedBeforeAnythingRuns) {
  const DecodedModel model;
  std::filesystem::remove(model.path() + "/decoder.pt");
  const Planned planned(model.path(), "name = \"null\"");
  ModelCache models("cpu");
  try {
    const CellRunner runner(planned.cells[0], planned.suite, models);
    FAIL() << "made it";
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("decoder"));
  }
}

TEST(CellRunner, KnowsWhatACellIsBeforeItHasRun) {
  const testing_models::TemporaryModel model({.depth = 4});
  const Planned planned(model.path(), "name = \"random_exit\"\nmean_depth = 3");
  ModelCache models("cpu");
  const CellRunner full(planned.cells[0], planned.suite, models);
  const CellRunner random(planned.cells[1], planned.suite, models);
  EXPECT_EQ(full.facts().block_count, 5);
  EXPECT_EQ(full.facts().decides, "time");
  EXPECT_EQ(full.facts().planned_depths.size(), 1u);
  EXPECT_EQ(random.facts().decides, "row");
  EXPECT_THAT(random.facts().planned_depths, IsEmpty());
  EXPECT_EQ(random.facts().method_params.at("mean_depth"), 3);
  EXPECT_EQ(random.facts().method_params.at("compaction"), "measured");  // a default
  EXPECT_TRUE(random.facts().solver_params.contains("eta"));
  EXPECT_EQ(random.facts().flops_full, full.facts().flops_full);
  EXPECT_THAT(full.facts().artifacts, Contains(Field(&results::ArtifactRow::role, "weights")));
  EXPECT_EQ(full.facts().artifacts.front().sha256.size(), 64u);
}

TEST(CellRunner, EqualDecisionsGiveEqualBytes) {
  const testing_models::TemporaryModel model({.depth = 4});
  const Planned planned(model.path(), "name = \"random_exit\"\nmean_depth = 3");
  ModelCache models("cpu");
  CellRunner first(planned.cells[1], planned.suite, models);
  const auto decisions = first.prepare(8, nullptr);
  EXPECT_FALSE(decisions.empty());
  const std::vector<int64_t> samples{0, 1, 2, 3, 4, 5, 6, 7};
  const auto expected = checksum(first, samples);
  CellRunner second(planned.cells[1], planned.suite, models);
  EXPECT_EQ(second.prepare(8, decisions), decisions);  // measures nothing
  EXPECT_EQ(checksum(second, samples), expected);
  EXPECT_EQ(first.fault(1e-4), "");
}

}  // namespace
}  // namespace diffbench::measure
