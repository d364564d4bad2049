// The method that methods/README.md adds on one screen: it compiles as it stands there, leaves, and equals `full` when
// told not to.
#include "readme_method.inc"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

TEST(ReadmeMethod, WorksAsItStands) {
  const testing_models::TemporaryModel files({.depth = 4});
  const auto model = load_model(files.path(), resolve_compute("cpu", "fp32"));
  const auto entry = methods::every_other::entry();
  const methods::MethodContext context{.model = model, .load = {}, .where = "test"};
  at::manual_seed(3);
  const auto x = at::randn({2, 1, 8, 8});
  const c10::InferenceMode inference;
  const auto run = [&](const nlohmann::json& params) {
    EvaluationTrace trace;
    auto eps = entry.make(config::resolve_params(params, entry.params, "test"), context)
                   ->predict({x, {301, 300}, {}, numbered_members(2)}, trace);
    return std::pair(eps, trace);
  };
  const auto [early, trace] = run({{"exit", 2}});
  EXPECT_EQ(trace.exit_count, (std::vector<int64_t>{0, 0, 1, 0, 0, 1}));
  const auto never = entry.never_skip(nlohmann::json::object(), *model);
  EvaluationTrace ignored;
  const auto full = methods::make_method("full", nlohmann::json::object(), context)
                        ->predict({x, {301, 300}, {}, numbered_members(2)}, ignored);
  EXPECT_TRUE(at::equal(run(*never).first, full));
  EXPECT_FALSE(at::equal(early, full));
}

}  // namespace
}  // namespace diffbench
