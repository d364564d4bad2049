// The model.toml files of published networks. Here: all of them are read, and those of at most 50 million parameters
// are loaded with random weights of the real size and evaluated once. check_published.py does so with all of them,
// against the authors' code, and wrote checked.csv.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <fstream>

#include "methods/backbones/backbone_options.h"
#include "methods/registry.h"
#include "methods/sampling/sampler.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

namespace fs = std::filesystem;

const fs::path kPublished = fs::path(DIFFBENCH_TESTS_DIR).parent_path() / "methods/backbones/published";
constexpr int64_t kSmall = 50'000'000;

// parameters by name, of checked.csv
std::map<std::string, int64_t> checked() {
  std::map<std::string, int64_t> parameters;
  std::ifstream in(kPublished / "checked.csv");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const auto comma = line.find(',');
    parameters[line.substr(0, comma)] = std::stoll(line.substr(comma + 1));
  }
  return parameters;
}

std::vector<std::string> published() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(kPublished)) {
    if (entry.path().filename() == "model.toml") {
      names.push_back(entry.path().parent_path().lexically_relative(kPublished).generic_string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Published, AllWereCheckedAgainstTheAuthorsCode) {
  std::vector<std::string> names;
  for (const auto& [name, parameters] : checked()) names.push_back(name);
  EXPECT_THAT(published(), ::testing::UnorderedElementsAreArray(names));
}

class PublishedModel : public ::testing::TestWithParam<std::string> {};

TEST_P(PublishedModel, LoadsAtItsRealSizeAndEvaluates) {
  const auto toml = parse_model_file(kPublished / GetParam() / "model.toml");
  const auto schedule = read_noise_schedule(toml.table("noise"));
  const auto backbone = toml.table("backbone");
  if (backbone.get<std::string>("kind") == "dit") {
    backbones::read_dit_options(backbone);
  } else {
    backbones::read_uvit_options(backbone);
  }
  backbones::read_time_input(backbone, *schedule);
  backbones::read_prediction(backbone, *schedule);
  backbone.reject_unknown_keys();
  read_image_spec(toml.table_or_empty("image"));
  const auto weights = toml.table("weights").get<std::string>("file");
  const auto gates = toml.table("weights").get_or<std::string>("gates", "");
  const int64_t parameters = checked().at(GetParam());
  if (parameters > kSmall) {
    return;  // read without a mistake
  }
  const testing_models::TemporaryFolder folder;
  {
    const auto network = backbones::make_backbone(backbone, schedule);
    int64_t own = 0;
    for (const auto& parameter : network.module->parameters()) own += parameter.numel();
    for (const auto& buffer : network.module->buffers()) own += buffer.numel();  // upstream's DiT has a parameter there
    if (gates.empty()) {
      EXPECT_EQ(own, parameters);
    } else {
      EXPECT_LT(own, parameters);
    }
    save_weights(named_weights(*network.module), folder.path() / "weights.safetensors", at::kHalf);
  }
  std::ifstream in(kPublished / GetParam() / "model.toml");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  text.replace(text.find(weights), weights.size(), "weights.safetensors");
  std::ofstream(folder.path() / "model.toml") << text;
  const auto model = load_model(folder.path(), resolve_compute("cpu", "fp32"));
  const auto& network = model->network;
  const c10::InferenceMode inference;
  EvaluationTrace trace;
  const auto x = at::randn({1, network.channels, network.image_size, network.image_size});
  const auto context =
      network.context_tokens > 0 ? at::randn({1, network.context_tokens, network.context_width}) : at::Tensor();
  const Batch batch{
      x, {schedule->span() / 2}, default_labels({0}, network.classes, model->compute), numbered_members(1), context};
  const auto eps = methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"})
                       ->predict(batch, trace);
  EXPECT_EQ(eps.size(1), network.channels * (network.learned_sigma ? 2 : 1));
  EXPECT_TRUE(at::isfinite(eps).all().item<bool>());
  EXPECT_EQ(trace.blocks_executed, network.backbone->block_count());
}

INSTANTIATE_TEST_SUITE_P(Files, PublishedModel, ::testing::ValuesIn(published()), [](const auto& file) {
  std::string name = file.param;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

}  // namespace
}  // namespace diffbench
