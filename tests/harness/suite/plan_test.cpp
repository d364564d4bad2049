#include "harness/suite/plan.h"

#include <gmock/gmock.h>

#include <functional>

#include "methods/config/input_error.h"

namespace diffbench::suite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Suite two_by_two() {
  Suite suite;
  suite.name = "tiny";
  suite.run.model = "m";
  suite.methods = {{.name = "null", .label = "null", .model = "", .where = ""},
                   {.name = "full", .label = "full", .model = "", .where = ""}};
  suite.solvers = {{.name = "ddim", .grid = "trailing", .steps = {10, 20}, .where = "s.toml:9: [solver[0]] name"}};
  return suite;
}

std::vector<std::string> keys(const std::vector<Cell>& cells) {
  std::vector<std::string> result;
  for (const auto& cell : cells) {
    result.push_back(cell.key);
  }
  return result;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const config::InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Plan, MethodsAreInnermost) {
  const auto cells = plan(two_by_two());
  EXPECT_THAT(keys(cells),
              ElementsAre("null/ddim/trailing/10/b64/fp32/offline", "full/ddim/trailing/10/b64/fp32/offline",
                          "null/ddim/trailing/20/b64/fp32/offline", "full/ddim/trailing/20/b64/fp32/offline"));
  for (size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(cells[i].index, static_cast<int>(i));
  }
  EXPECT_EQ(cells[0].group, cells[1].group);
  EXPECT_NE(cells[1].group, cells[2].group);
  EXPECT_EQ(cells[2].baseline, 3);
  EXPECT_FALSE(cells[3].baseline.has_value());
  EXPECT_EQ(cells[2].steps, 20);
  EXPECT_EQ(cells[2].model, "m");
}

TEST(Plan, SingleStreamHasBatchOneOnceHoweverManyBatches) {
  Suite suite = two_by_two();
  suite.methods.resize(1);
  suite.solvers[0].steps = {5};
  suite.run.batch = {8, 16};
  suite.run.scenario = {"offline", "single_stream"};
  const auto cells = plan(suite);
  EXPECT_THAT(keys(cells), ElementsAre("null/ddim/trailing/5/b8/fp32/offline", "null/ddim/trailing/5/b16/fp32/offline",
                                       "null/ddim/trailing/5/b1/fp32/single_stream"));
  EXPECT_EQ(cells[2].batch, 1);
  EXPECT_EQ(cells[0].quality_key, "null/ddim/trailing/5/fp32");
  EXPECT_EQ(cells[2].quality_key, cells[0].quality_key);
}

TEST(Plan, BaselineIsFullOnTheRunsModel) {
  Suite suite = two_by_two();
  suite.solvers[0].steps = {5};
  suite.methods[0] = {.name = "full", .label = "fine-tuned", .model = "other", .where = ""};
  auto cells = plan(suite);
  EXPECT_EQ(cells[0].model, "other");
  EXPECT_EQ(cells[0].baseline, 1);
  suite.methods[1].name = "duodiff";
  cells = plan(suite);
  EXPECT_FALSE(cells[0].baseline.has_value());
  EXPECT_FALSE(cells[1].baseline.has_value());
  suite.run.compare_with = "fine-tuned";
  cells = plan(suite);
  EXPECT_FALSE(cells[0].baseline.has_value());
  EXPECT_EQ(cells[1].baseline, 0);
}

TEST(Plan, SolverParametersTellCellsApart) {
  Suite suite = two_by_two();
  suite.methods.resize(1);
  suite.solvers[0].steps = {5};
  suite.solvers.push_back(suite.solvers[0]);
  EXPECT_THAT(error_of([&] { plan(suite); }), HasSubstr("s.toml:9: [solver[0]] name: the cell 'null/ddim/"));
  suite.solvers[1].params = {{"eta", 0.5}, {"kind", "a"}};
  EXPECT_THAT(keys(plan(suite)), ElementsAre("null/ddim/trailing/5/b64/fp32/offline",
                                             "null/ddim(eta=0.5,kind=a)/trailing/5/b64/fp32/offline"));
}

TEST(Plan, RefusesEndlessSuites) {
  Suite suite = two_by_two();
  for (int value = 1; value <= 1000; ++value) {
    suite.run.batch.push_back(1000 + value);
    suite.solvers[0].steps.push_back(1000 + value);
  }
  EXPECT_THAT(error_of([&] { plan(suite); }), HasSubstr("more than 100000 cells"));
}

TEST(Only, KeepsBaselinesAndSaysSo) {
  const auto cells = plan(two_by_two());
  const auto selection = only(cells, "^null.*/20/");
  EXPECT_THAT(keys(selection.cells),
              ElementsAre("null/ddim/trailing/20/b64/fp32/offline", "full/ddim/trailing/20/b64/fp32/offline"));
  EXPECT_THAT(selection.kept_baselines, ElementsAre("full/ddim/trailing/20/b64/fp32/offline"));
  EXPECT_EQ(selection.cells[0].index, 0);
  EXPECT_EQ(selection.cells[0].baseline, 1);
  EXPECT_THAT(only(cells, "full").kept_baselines, IsEmpty());
  EXPECT_EQ(only(cells, "").cells.size(), cells.size());
}

TEST(Only, RefusesBadAndFruitlessExpressions) {
  const auto cells = plan(two_by_two());
  EXPECT_THAT(error_of([&] { only(cells, "(full"); }), HasSubstr("--only (full: not a regular expression"));
  EXPECT_THAT(error_of([&] { only(cells, "fulll"); }), HasSubstr("matches none of the 4 cells; the first is 'null/"));
}

}  // namespace
}  // namespace diffbench::suite
