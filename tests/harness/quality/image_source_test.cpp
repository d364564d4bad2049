#include "harness/quality/image_source.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <limits>

#include "harness/quality/reference_statistics.h"
#include "methods/data/npz.h"
#include "methods/data/png.h"
#include "methods/model/tensors.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::quality {
namespace {

using data::error_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

at::Tensor ascending(int64_t count, at::IntArrayRef image) {
  std::vector<int64_t> shape{count};
  shape.insert(shape.end(), image.begin(), image.end());
  return at::arange(at::empty(shape).numel(), at::TensorOptions(at::kLong)).remainder(251).to(at::kByte).reshape(shape);
}

class ImageSource : public ::testing::Test {
 protected:
  std::string folder(const std::string& name, const at::Tensor& batch) const {
    std::filesystem::create_directories(dir_ / name);
    for (int64_t i = 0; i < batch.size(0); ++i) {
      data::write_png(dir_ / name / (std::to_string(10000 + i) + ".png"), data::image_of(to_raw(batch), i));
    }
    return dir_ / name;
  }
  std::string npz(const std::string& name, const data::NamedTensors& tensors) const {
    data::write_npz(dir_ / name, tensors);
    return dir_ / name;
  }

  const data::TemporaryFolder dir_;
};

TEST_F(ImageSource, BlocksOfAListedFolderAreItsImages) {
  folder("set/cat", ascending(3, {3, 2, 4}));
  folder("set/dog", ascending(2, {3, 2, 4}));
  const auto loaded = load_samples(dir_ / "set");
  const auto listed = load_samples(dir_ / "set", Images::kListed);
  EXPECT_FALSE(listed.images.defined());
  EXPECT_EQ(image_count(listed), 5);
  EXPECT_TRUE(at::equal(listed.labels, at::tensor({0, 0, 0, 1, 1}, at::kLong)));
  for (const auto* set : {&loaded, &listed}) {
    std::vector<at::Tensor> blocks;
    for_each_image_block(*set, 2, [&](const at::Tensor& images) { blocks.push_back(images.clone()); });
    ASSERT_EQ(blocks.size(), 3);
    EXPECT_EQ(blocks[2].size(0), 1);
    EXPECT_TRUE(at::equal(at::cat(blocks), loaded.images));
  }
}

TEST_F(ImageSource, LabelsAndSpatialFeaturesOfAnAdmFile) {
  const auto eye = at::eye(2, at::kDouble);
  const auto set = load_samples(npz("adm.npz", {{"arr_0", to_raw(ascending(2, {4, 4, 3}))},
                                                {"arr_1", to_raw(at::tensor({7, 9}, at::kLong))},
                                                {"mu", to_raw(eye[0])},
                                                {"sigma", to_raw(eye)},
                                                {"mu_s", to_raw(eye[1])},
                                                {"sigma_s", to_raw(2 * eye)}}));
  EXPECT_TRUE(at::equal(set.labels, at::tensor({7, 9}, at::kLong)));
  ASSERT_TRUE(set.statistics && set.spatial_statistics);
  EXPECT_TRUE(at::equal(set.statistics->mean, eye[0]));
  EXPECT_TRUE(at::equal(set.spatial_statistics->mean, eye[1]));
  EXPECT_TRUE(at::equal(set.spatial_statistics->covariance, 2 * eye));
}

TEST_F(ImageSource, StatisticsFilesKeepWhatIsWritten) {
  const auto eye = at::eye(2, at::kDouble);
  const Gaussian gaussian{eye[0], eye, 50};
  write_statistics(dir_ / "kept.npz", gaussian,
                   {.features = at::ones({3, 2}), .labels = at::tensor({4, 5, 6}, at::kLong), .spatial = gaussian});
  const auto set = load_samples(dir_ / "kept.npz");
  EXPECT_EQ(set.statistics->count, 50);
  EXPECT_TRUE(at::equal(set.features, at::ones({3, 2})));
  EXPECT_TRUE(at::equal(set.labels, at::tensor({4, 5, 6}, at::kLong)));
  EXPECT_TRUE(at::equal(set.spatial_statistics->covariance, eye));
}

TEST_F(ImageSource, RefusesBadInputNamingTheFile) {
  const auto error = [&](const std::string& path) { return error_of([&] { load_samples(path); }); };
  std::filesystem::create_directory(dir_ / "empty");
  EXPECT_THAT(error(dir_ / "empty"), HasSubstr("empty: no PNG, JPEG or WebP files in this folder"));
  folder("mixed", ascending(2, {1, 2, 2}));
  data::write_png(dir_ / "mixed/2.png", {2, 2, 3, std::vector<uint8_t>(12)});
  EXPECT_THAT(error(dir_ / "mixed"), HasSubstr("all images must be of one size, and all grey or all colour"));
  EXPECT_THAT(error(dir_ / "mixed/2.png"), HasSubstr("one image makes no set"));
  data::write_file(dir_ / "mixed/0.jpg", data::bytes_of("\xff\xd8\xff\xe0 cut"));
  EXPECT_THAT(error(dir_ / "mixed"), HasSubstr("0.jpg: damaged or truncated JPEG file"));

  const auto nan = at::full({3, 2}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(error(npz("nan.npz", {{"features", to_raw(nan)}})),
              StartsWith((dir_ / "nan.npz").string() + ": features"));
  EXPECT_THAT(error(npz("type.npz", {{"arr_0", to_raw(at::ones({2, 4, 4, 3}))}})),
              HasSubstr("expected U8 [N, H, W, C]"));
  const auto images = to_raw(ascending(2, {4, 4, 3}));
  EXPECT_THAT(error(npz("label.npz", {{"arr_0", images}, {"labels", to_raw(at::ones({2}))}})),
              HasSubstr("labels: is F32 [2], expected I64 [N]"));
  EXPECT_THAT(error(npz("few.npz", {{"arr_0", images}, {"labels", to_raw(at::ones({3}, at::kLong))}})),
              HasSubstr("are of 2 and 3 samples"));
  EXPECT_THAT(error("fashion_mnist:trian"), HasSubstr("did you mean 'train'"));
  EXPECT_THAT(error("fashion:train"), HasSubstr("fashion:train: no such file or folder"));
}

}  // namespace
}  // namespace diffbench::quality
