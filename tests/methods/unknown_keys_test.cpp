// In every kind of file a misspelt key is named, with its line and the key that was meant, before any missing one.

#include <gmock/gmock.h>

#include <fstream>
#include <functional>

#include "methods/config/input_error.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/training/depth_search.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kModel =
    "[backbone]\nkind = \"uvit\"\nimage_size = 8\nchannels = 1\npatch_size = 4\nwidth = 32\ndepth = 4\nheads = 2\n"
    "classes = 3\n[noise]\nschedule = \"linear\"\n[image]\nrange = [-1.0, 1.0]\n[weights]\nfile = \"w.safetensors\"\n";
const std::string kMixture =
    "[backbone]\nkind = \"gaussian_mixture\"\nimage_size = 4\nchannels = 1\nmeans = [0.5]\nstds = [0.1]\n"
    "weights = [1.0]\n[noise]\nschedule = \"linear\"\n";
const std::string kRecipe =
    "task = \"depth_search\"\nmodel = \"model.toml\"\n[data]\nname = \"image_folder\"\n[optimizer]\nsteps = 2\n"
    "betas = [0.9, 0.99]\n[denoiser]\nstart_model = \"deep\"\n[depth_search]\nbins = 2\nbudget = 0.5\n";
const std::string kCalibration =
    "threshold = 0.1\nprocedure = \"ltt_hb\"\nepsilon = 0.1\ndelta = 0.1\nloss = \"rmse\"\nunits = 4\nseed = 0\n"
    "risk = 0.01\nmodel_fingerprint = \"a\"\ngates_fingerprint = \"b\"\nconditions = \"c\"\ngate_params = \"{}\"\n";

class UnknownKeys : public ::testing::Test {
 protected:
  // what `read` says of `text` with one piece of it replaced
  std::string error_of(std::string text, const std::string& from, const std::string& to,
                       const std::function<void(const std::string& file)>& read) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    const std::string file = (folder_.path() / name_).string();
    std::ofstream(file) << text.replace(at, from.size(), to);
    try {
      read(file);
    } catch (const config::InputError& error) {
      return error.what();
    }
    return "no error";
  }

  std::string model_error(const std::string& from, const std::string& to, const std::string& text = kModel) {
    name_ = "model.toml";
    return error_of(text, from, to, [](const std::string& file) { load_model(file, resolve_compute("cpu", "fp32")); });
  }
  std::string recipe_error(const std::string& from, const std::string& to) {
    name_ = "recipe.toml";
    return error_of(kRecipe, from, to, [](const std::string& file) {
      training::search_depths(training::read_recipe(file, {}), [](const training::Progress&) {});
    });
  }
  std::string calibration_error(const std::string& from, const std::string& to) {
    name_ = "calibration.toml";
    return error_of(kCalibration, from, to,
                    [](const std::string& file) { methods::risk_controlled::read_calibration(file); });
  }

  testing_models::TemporaryFolder folder_;
  std::string name_;
};

auto names(const std::string& line_and_key, const std::string& meant) {
  return AllOf(HasSubstr(line_and_key), HasSubstr("did you mean '" + meant + "'"));
}

TEST_F(UnknownKeys, OfModels) {
  EXPECT_THAT(model_error("channels = 1", "chanels = 1"), names("model.toml:4: [backbone] chanels: ", "channels"));
  EXPECT_THAT(model_error("channels = 1", "colours = 1"), HasSubstr("model.toml:4: [backbone] colours: unknown key"));
  EXPECT_THAT(model_error("kind =", "knd ="), names("model.toml:2: [backbone] knd: ", "kind"));
  EXPECT_THAT(model_error("[noise]", "[nois]"), names("model.toml:10: nois: ", "noise"));
  EXPECT_THAT(model_error("schedule =", "shedule ="), names("model.toml:11: [noise] shedule: ", "schedule"));
  EXPECT_THAT(model_error("range =", "rnge ="), names("model.toml:13: [image] rnge: ", "range"));
  EXPECT_THAT(model_error("file =", "flie ="), names("model.toml:15: [weights] flie: ", "file"));
  EXPECT_THAT(model_error("stds =", "sdts =", kMixture), names("model.toml:6: [backbone] sdts: ", "stds"));
  EXPECT_THAT(model_error("channels = 1\n", ""), HasSubstr("[backbone] channels: missing; an integer is needed"));
  // valid, but not here
  EXPECT_THAT(model_error("classes = 3", "learned_sigma = true"), HasSubstr("model.toml:9: [backbone] learned_sigma"));
  EXPECT_THAT(model_error("schedule = \"linear\"", "schedule = \"linear\"\nbeta_min = 0.1"),
              HasSubstr("model.toml:12: [noise] beta_min: unknown key"));
  EXPECT_THAT(model_error("[noise]", "[weights]\nfile = \"w\"\n[noise]", kMixture), HasSubstr("weights: unknown key"));
}

TEST_F(UnknownKeys, OfRecipes) {
  EXPECT_THAT(recipe_error("task =", "tsk ="), names("recipe.toml:1: tsk: ", "task"));
  EXPECT_THAT(recipe_error("[optimizer]", "[optimiser]"), names("recipe.toml:5: optimiser: ", "optimizer"));
  EXPECT_THAT(recipe_error("steps = 2", "step = 2"), names("recipe.toml:6: [optimizer] step: ", "steps"));
  EXPECT_THAT(recipe_error("name =", "nmae ="), names("recipe.toml:4: [data] nmae: ", "name"));
  EXPECT_THAT(recipe_error("start_model", "strat_model"),
              names("recipe.toml:9: [denoiser] strat_model: ", "start_model"));
  EXPECT_THAT(recipe_error("budget =", "bugdet ="), names("recipe.toml:12: [depth_search] bugdet: ", "budget"));
  EXPECT_THAT(recipe_error("budget = 0.5", ""), HasSubstr("[depth_search] budget: missing"));
}

TEST_F(UnknownKeys, OfCalibrations) {
  EXPECT_THAT(calibration_error("epsilon =", "epsilom ="), names("calibration.toml:3: epsilom: ", "epsilon"));
  EXPECT_THAT(calibration_error("units = 4", "batches = 4"), HasSubstr("calibration.toml:6: batches: unknown key"));
  EXPECT_THAT(calibration_error("units = 4\n", ""), HasSubstr("units: missing"));
  EXPECT_EQ(calibration_error("threshold = 0.1\n", ""), "no error");  // no threshold qualified
}

TEST_F(UnknownKeys, OfHeads) {
  const testing_models::TemporaryModel files({.depth = 2});
  const auto model = load_model(files.path(), resolve_compute("cpu", "fp32"));
  testing_models::write_random_heads(*model);
  const auto folder = std::filesystem::path(files.path()) / "uncertainty";
  std::ofstream(folder / "heads.toml")
      << "time_input = true\nshared_gates = false\nexit_heads = true\nmodel_fingerprint = \"a\"\n";
  try {
    methods::uncertainty_exit::read_heads(folder, *model, "test");
    FAIL() << "a misspelt key was accepted";
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), names("heads.toml:2: shared_gates: ", "shared_gate"));
  }
}

}  // namespace
}  // namespace diffbench
