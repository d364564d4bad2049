#include "harness/quality/extractor.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "methods/config/input_error.h"
#include "methods/data/sha256.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::file;
using testing::goldens;
using ::testing::HasSubstr;
using testing::images;

TEST(FeatureExtractor, AgreesWithPython) {
  FeatureExtractor extractor(file("tiny_extractor.pt"));
  const auto out = extractor.extract(images(70, 8, 11));
  EXPECT_EQ(out.features.sizes(), (std::vector<int64_t>{70, 6}));
  EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{70, 4}));
  EXPECT_EQ(out.features.scalar_type(), at::kFloat);
  EXPECT_NEAR(out.features.to(at::kDouble).sum().item<double>(), goldens()["extractor"]["feature_sum"], 1e-4);
  EXPECT_NEAR(out.logits.to(at::kDouble).sum().item<double>(), goldens()["extractor"]["logit_sum"], 1e-4);
  EXPECT_EQ(extractor.hash(), data::sha256_of_file(file("tiny_extractor.pt")));
}

TEST(FeatureExtractor, RowsDoNotDependOnTheirBatch) {
  FeatureExtractor extractor(file("tiny_extractor.pt"));
  const auto batch = images(150, 8, 11);
  const auto whole = extractor.extract(batch).features;
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < 150; first += 37) {
    parts.push_back(extractor.extract(batch.slice(0, first, first + 37)).features);
  }
  EXPECT_TRUE(at::equal(at::cat(parts), whole));
  EXPECT_TRUE(at::equal(extractor.extract(batch).features, whole));
}

TEST(FeatureExtractor, LogitsAreOptional) {
  FeatureExtractor extractor(file("features_only.pt"));
  const auto out = extractor.extract(at::full({3, 2, 4, 4}, 7, at::kByte));
  EXPECT_TRUE(at::equal(out.features, at::full({3, 2}, 7.0F)));
  EXPECT_FALSE(out.logits.defined());
}

TEST(FeatureExtractor, ZooNamesAreFoundUnderHome) {
  const auto home = std::filesystem::temp_directory_path() / "diffbench_extractor_test";
  std::filesystem::create_directories(home / "methods/zoo/tiny");
  std::filesystem::copy_file(file("tiny_extractor.pt"), home / "methods/zoo/tiny/extractor.pt",
                             std::filesystem::copy_options::overwrite_existing);
  setenv("DIFFBENCH_HOME", home.c_str(), 1);
  EXPECT_EQ(FeatureExtractor("tiny").hash(), data::sha256_of_file(file("tiny_extractor.pt")));
  EXPECT_THROW(FeatureExtractor("huge"), InputError);
  unsetenv("DIFFBENCH_HOME");
  std::filesystem::remove_all(home);
}

TEST(FeatureExtractor, RefusesWhatItCannotUse) {
  FeatureExtractor extractor(file("tiny_extractor.pt"));
  EXPECT_THROW(extractor.extract(images(5, 8, 1).to(at::kFloat)), InputError);
  EXPECT_THROW(extractor.extract(images(5, 8, 1).squeeze(1)), InputError);
  EXPECT_THROW(extractor.extract(images(5, 8, 1).narrow(0, 0, 0)), InputError);
  try {
    extractor.extract(images(6, 8, 1).reshape({2, 3, 8, 8}));
    FAIL() << "3 channels were accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("tiny_extractor.pt: the extractor cannot take images of [64, 3, 8, 8]"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("frame #")));
  }
  EXPECT_THROW(FeatureExtractor("no/such/file.pt"), InputError);
  try {
    FeatureExtractor no_archive(file("goldens.json"));
    FAIL() << "JSON was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("goldens.json: not a TorchScript file"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace diffbench::quality
