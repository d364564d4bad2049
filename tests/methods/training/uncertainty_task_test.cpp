// Gates and exit heads learn, a frozen backbone does not, and what is written can be run.
#include <ATen/ATen.h>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "tests/methods/training/tiny_training.h"

namespace diffbench::training {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;
using testing_models::TrainerTest;

class UncertaintyTask : public TrainerTest {
 protected:
  // the recipe of `more`, on a copy of the network with trained-looking weights
  void write(const std::string& more) {
    const testing_models::TinyUViT tiny{.depth = 2, .width = 16, .classes = 0};
    const testing_models::TemporaryModel source(tiny);
    std::filesystem::copy_file(source.path() + "/weights.safetensors", folder_.path() / "weights.safetensors",
                               std::filesystem::copy_options::overwrite_existing);
    write_recipe("start_model = \"" + folder_.path().string() + "\"\n" + more, "uncertainty");
  }

  std::string finish() {
    const Recipe own = recipe();
    const auto task = make_task(own);
    Trainer trainer(own, *task, folder_.path() / "state");
    trainer.run([](const Progress&) {});
    trainer.use_averaged_weights();
    return task->finish();
  }
};

TEST_F(UncertaintyTask, FrozenTrainingTouchesExitsOnlyAndWritesHeadsThatRun) {
  write("[uncertainty]\n");
  const auto compute = resolve_compute("cpu", "fp32");
  const auto before = load_model(folder_.path().string(), compute)->fingerprint;
  const Recipe own = recipe();
  const auto task = make_task(own);
  for (const auto& [name, value] : task->parameters()) {
    EXPECT_THAT(name, HasSubstr("exits."));
  }
  const double first = task->loss(1000).item<double>();
  Trainer trainer(own, *task, folder_.path() / "state");
  trainer.run([](const Progress&) {});
  EXPECT_LT(task->loss(1000).item<double>(), first);
  EXPECT_THAT(finish(), HasSubstr("heads.safetensors"));

  const auto model = load_model(folder_.path().string(), compute);
  EXPECT_EQ(model->fingerprint, before);
  const auto denoiser =
      methods::make_method("uncertainty_exit", {{"threshold", 1.0}}, {.model = model, .load = {}, .where = "test"});
  const c10::InferenceMode inference;
  EvaluationTrace trace;
  denoiser->predict({at::randn({2, 1, 8, 8}), {10, 500}, {}, numbered_members(2)}, trace);
  EXPECT_EQ(trace.exit_count[1], 2);
}

TEST_F(UncertaintyTask, FineTuningWritesTheNetworkToo) {
  write("[uncertainty]\nfreeze_backbone = false\ntime_input = false\nexit_heads = false\nshared_gate = true\n");
  const auto compute = resolve_compute("cpu", "fp32");
  const auto before = load_model(folder_.path().string(), compute)->fingerprint;
  finish();
  const auto model = load_model(folder_.path().string(), compute);
  EXPECT_NE(model->fingerprint, before);
  methods::make_method("uncertainty_exit", {{"threshold", 0.5}}, {.model = model, .load = {}, .where = "test"});
}

TEST_F(UncertaintyTask, Refusals) {
  write_recipe("[uncertainty]\n", "uncertainty");
  EXPECT_THAT([&] { make_task(recipe()); }, ThrowsMessage<config::InputError>(HasSubstr("start_model")));
  write("[uncertainty]\nlamda = 2.0\n");
  EXPECT_THAT([&] { make_task(recipe()); }, ThrowsMessage<config::InputError>(HasSubstr("did you mean 'lambda'")));
}

}  // namespace
}  // namespace diffbench::training
