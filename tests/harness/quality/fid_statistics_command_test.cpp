// `diffbench fid-statistics` as its callers see it: what it writes, what it refuses.

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

#include "harness/commands/commands.h"
#include "harness/quality/extractor.h"
#include "harness/quality/image_source.h"
#include "methods/data/npz.h"
#include "methods/data/png.h"
#include "methods/model/tensors.h"
#include "tests/harness/quality/golden_rows.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::commands {
namespace {

using data::error_of;
using quality::testing::file;
using quality::testing::images;
using quality::testing::rows;
using ::testing::HasSubstr;

class FidStatistics : public ::testing::Test {
 protected:
  std::string out() const { return dir_ / "out.npz"; }
  static void call(std::vector<std::string> arguments) {
    CLI::App app("test");
    int exit_code = 1;
    add_fid_statistics(app, exit_code);
    arguments.insert(arguments.begin(), "fid-statistics");
    ::testing::internal::CaptureStdout();
    try {
      app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (...) {
      ::testing::internal::GetCapturedStdout();
      throw;
    }
    ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(exit_code, 0);
  }
  std::string error(const std::vector<std::string>& arguments) const {
    return error_of([&] { call(arguments); });
  }

  const data::TemporaryFolder dir_;
};

TEST_F(FidStatistics, OfFeaturesAreTheirMeanAndCovarianceWithTheFirstRows) {
  const auto features = rows(60, 8, 1);
  data::write_npz(dir_ / "in.npz", {{"features", to_raw(features)}, {"labels", to_raw(at::arange(60))}});
  call({dir_ / "in.npz", "-o", out(), "--keep-features", "5"});
  const auto written = quality::load_samples(out());
  const auto expected = quality::gaussian_of(features);
  EXPECT_TRUE(at::allclose(written.statistics->mean, expected.mean, 0, 1e-12));
  EXPECT_TRUE(at::allclose(written.statistics->covariance, expected.covariance, 0, 1e-12));
  EXPECT_EQ(written.statistics->count, 60);
  EXPECT_TRUE(at::equal(written.features, features.slice(0, 0, 5)));
  EXPECT_TRUE(at::equal(written.labels, at::arange(5)));
}

TEST_F(FidStatistics, OfAFolderAreThoseOfItsImagesInOnePiece) {
  const auto batch = images(300, 8, 1);  // more than one block
  for (int64_t i = 0; i < batch.size(0); ++i) {
    data::write_png(dir_ / (std::to_string(1000 + i) + ".png"), data::image_of(to_raw(batch), i));
  }
  const data::TemporaryFolder other;
  call({dir_.path(), "-o", other / "out.npz", "--extractor", file("tiny_extractor.pt"), "--device", "cpu"});
  const auto written = quality::load_samples(other / "out.npz");
  quality::FeatureExtractor extractor(file("tiny_extractor.pt"));
  const auto expected = quality::gaussian_of(extractor.extract(batch).features);
  EXPECT_TRUE(at::allclose(written.statistics->covariance, expected.covariance, 0, 1e-9));
  EXPECT_EQ(written.statistics->count, 300);
  EXPECT_FALSE(written.features.defined());
}

TEST_F(FidStatistics, AsTorchFidelityCachesThemAreReadAgain) {
  data::write_npz(dir_ / "in.npz", {{"features", to_raw(rows(60, 8, 1))}});
  call({dir_ / "in.npz", "-o", dir_ / "out.pt"});
  const auto written = quality::load_samples(dir_ / "out.pt");
  const auto expected = quality::gaussian_of(rows(60, 8, 1));
  EXPECT_TRUE(at::equal(written.statistics->covariance, expected.covariance));
  EXPECT_TRUE(at::equal(written.statistics->mean, expected.mean.to(at::kFloat).to(at::kDouble)));
}

TEST_F(FidStatistics, RefusesWhatItCannotComputeFrom) {
  const auto gaussian = quality::gaussian_of(rows(60, 8, 1));
  data::write_npz(dir_ / "s.npz", {{"mu", to_raw(gaussian.mean)}, {"sigma", to_raw(gaussian.covariance)}});
  data::write_npz(dir_ / "i.npz", {{"arr_0", to_raw(at::zeros({2, 4, 4, 1}, at::kByte))}});
  data::write_npz(dir_ / "one.npz", {{"features", to_raw(rows(1, 8, 1))}});
  EXPECT_THAT(error({dir_ / "s.npz", "-o", out()}), HasSubstr("s.npz: holds no images and no features"));
  EXPECT_THAT(error({dir_ / "i.npz", "-o", out()}), HasSubstr("i.npz: holds images; name what turns them"));
  EXPECT_THAT(error({dir_ / "one.npz", "-o", out()}), HasSubstr("one.npz: holds one sample"));
  EXPECT_THAT(error({dir_ / "s.npz", "-o", dir_ / "out.pth"}), HasSubstr("must end in .npz, or in .pt"));
  EXPECT_THAT(error({dir_ / "s.npz", "-o", dir_ / "out.pt", "--keep-features", "3"}), HasSubstr("--keep-features"));
  EXPECT_FALSE(std::filesystem::exists(out()));
}

}  // namespace
}  // namespace diffbench::commands
