#include "methods/data/image_dataset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "methods/data/image_folder.h"
#include "methods/data/png.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

void write_idx(const std::filesystem::path& path, const std::vector<uint8_t>& dimensions, std::vector<uint8_t> values) {
  std::string text{0, 0, 8, static_cast<char>(dimensions.size())};
  for (const uint8_t dimension : dimensions) {
    text += {0, 0, 0, static_cast<char>(dimension)};
  }
  text.append(values.begin(), values.end());
  write_file(path, bytes_of(text));
}

std::vector<int64_t> labels_of(const ImageDataset& dataset) {
  const auto labels = dataset.labels.as<int64_t>();
  return {labels.begin(), labels.end()};
}

TEST(FashionMnist, ReadsUnpackedFilesFromAFolder) {
  const TemporaryFolder folder;
  write_idx(folder / "t10k-images-idx3-ubyte", {2, 1, 2}, {1, 2, 3, 4});
  write_idx(folder / "t10k-labels-idx1-ubyte", {2}, {9, 0});
  const ImageDataset test = load_dataset("fashion_mnist", folder.path(), "test");
  EXPECT_EQ(test.images.shape, (std::vector<int64_t>{2, 1, 1, 2}));
  EXPECT_EQ(test.images.as<uint8_t>()[3], 4);
  EXPECT_THAT(labels_of(test), ElementsAre(9, 0));
  EXPECT_EQ(test.classes, 10);
}

TEST(FashionMnist, ReadsTheDebianPackage) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  }
  const ImageDataset test = load_dataset("fashion_mnist", {}, "test");
  EXPECT_EQ(test.images.shape, (std::vector<int64_t>{10000, 1, 28, 28}));
  const auto labels = labels_of(test);
  EXPECT_THAT(std::vector(labels.begin(), labels.begin() + 5), ElementsAre(9, 2, 1, 1, 6));
  EXPECT_EQ(std::count(labels.begin(), labels.end(), 3), 1000);
}

TEST(FashionMnist, NamesTheMissingFileAndBothCures) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { load_dataset("fashion_mnist", folder.path(), "train"); }),
              AllOf(StartsWith((folder / "train-images-idx3-ubyte.gz").string() + ": "),
                    HasSubstr("dataset-fashion-mnist"), HasSubstr("--data DIR")));
}

TEST(FashionMnist, RefusesFilesThatDoNotFitTogether) {
  const TemporaryFolder folder;
  const auto error = [&] { return error_of([&] { load_dataset("fashion_mnist", folder.path(), "train"); }); };
  write_idx(folder / "train-images-idx3-ubyte", {2, 1, 2}, {1, 2, 3, 4});
  write_idx(folder / "train-labels-idx1-ubyte", {1}, {0});
  EXPECT_THAT(error(), HasSubstr("must hold 2 labels"));
  write_idx(folder / "train-labels-idx1-ubyte", {2}, {0, 10});
  EXPECT_THAT(error(), HasSubstr("labels above 9"));
  write_idx(folder / "train-images-idx3-ubyte", {4}, {1, 2, 3, 4});
  EXPECT_THAT(error(), HasSubstr("must hold images [N, H, W], holds [4]"));
}

TEST(Dataset, UnknownNamesAndSplitsNameTheNearest) {
  EXPECT_THAT(error_of([] { load_dataset("fashion-mnist", {}, "train"); }), HasSubstr("'fashion_mnist'"));
  EXPECT_THAT(error_of([] { load_dataset("fashion_mnist", {}, "tests"); }), HasSubstr("did you mean 'test'"));
  EXPECT_THAT(dataset_names(), ElementsAre("fashion_mnist", "image_folder"));
}

class ImageFolder : public ::testing::Test {
 protected:
  void add(const std::string& name, uint8_t value, int width = 2, int channels = 1) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_png(folder_ / name, {width, 1, channels, std::vector<uint8_t>(static_cast<size_t>(width * channels), value)});
  }
  ImageDataset load(std::string_view split = "all") const {
    return load_dataset("image_folder", folder_.path(), split);
  }
  std::string error(std::string_view split = "all") const {
    return error_of([&] { load(split); });
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFolder, ReadsImagesInTheOrderOfTheirNames) {
  add("b.png", 2);
  add("a.PNG", 1);
  add(".hidden.png", 9);
  std::ofstream(folder_ / "notes.txt") << "not an image";
  const ImageDataset dataset = load();
  EXPECT_EQ(dataset.images.shape, (std::vector<int64_t>{2, 1, 1, 2}));
  EXPECT_THAT(dataset.images.as<uint8_t>(), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(labels_of(dataset), ElementsAre(0, 0));
  EXPECT_EQ(dataset.classes, 0);
}

TEST_F(ImageFolder, SubFoldersAreClassesInTheOrderOfTheirNames) {
  add("train/dog/1.png", 5, 2, 3);
  add("train/cat/1.png", 3, 2, 3);
  add("train/cat/0.png", 4, 2, 3);
  const ImageDataset dataset = load("train");
  EXPECT_EQ(dataset.images.shape, (std::vector<int64_t>{3, 3, 1, 2}));
  EXPECT_EQ(dataset.images.as<uint8_t>()[0], 4);
  EXPECT_THAT(labels_of(dataset), ElementsAre(0, 0, 1));
  EXPECT_EQ(dataset.classes, 2);
}

TEST_F(ImageFolder, RefusesUnequalSizesNamingTheFile) {
  add("a.png", 1);
  add("b.png", 1, 3);
  EXPECT_EQ(error(),
            (folder_ / "b.png").string() +
                ": 3 x 1 x 1, but a.png is 2 x 1 x 1; all images must be of one size, and all grey or all colour");
}

TEST_F(ImageFolder, RefusesGreyAmongColour) {
  add("a.png", 1, 2, 3);
  add("b.png", 1);
  EXPECT_THAT(error(),
              HasSubstr("b.png: 2 x 1 x 1, but a.png is 2 x 1 x 3; all images must be of one size, and all grey"));
}

TEST_F(ImageFolder, FindsImagesAtAnyDepthOfAClass) {
  add("cat/deep/er/1.png", 2);
  add("cat/0.png", 1);
  add("cat/.cache/2.png", 9);
  add("dog/0.png", 3);
  std::filesystem::create_directory_symlink(folder_.path(), folder_ / "cat/circle");
  const ImageDataset dataset = load();
  EXPECT_THAT(dataset.images.as<uint8_t>(), ElementsAre(1, 1, 2, 2, 3, 3));
  EXPECT_THAT(labels_of(dataset), ElementsAre(0, 0, 1));
}

TEST_F(ImageFolder, IsReadPieceByPiece) {
  for (int i = 0; i < 5; ++i) {
    add(std::to_string(i) + ".png", static_cast<uint8_t>(i), 1);
  }
  const auto folder = list_image_folder(folder_.path());
  EXPECT_THAT(read_images(folder, 0, 2).as<uint8_t>(), ElementsAre(0, 1));
  EXPECT_THAT(read_images(folder, 4, 2).as<uint8_t>(), ElementsAre(4));
  EXPECT_EQ(read_images(folder, 9, 2).shape[0], 0);
}

TEST_F(ImageFolder, RefusesFoldersThatAreNoDataSet) {
  EXPECT_THAT(error(), HasSubstr("no PNG, JPEG or WebP files in this folder"));
  EXPECT_THAT(error("test"), HasSubstr("test: no such folder; split 'all' reads"));
  EXPECT_THAT(error_of([] { load_dataset("image_folder", {}, "all"); }), HasSubstr("--data DIR"));
  add("cat/1.png", 1);
  add("b.png", 1);
  EXPECT_THAT(error(), HasSubstr("both images and folders"));
  std::filesystem::remove(folder_ / "b.png");
  std::filesystem::create_directory(folder_ / "dog");
  EXPECT_THAT(error(), HasSubstr("dog: no PNG, JPEG or WebP files in this class folder"));
  write_file(folder_ / "dog/x.png", bytes_of("text"));
  EXPECT_THAT(error(), HasSubstr("x.png: not a PNG, JPEG or WebP file"));
}

}  // namespace
}  // namespace diffbench::data
