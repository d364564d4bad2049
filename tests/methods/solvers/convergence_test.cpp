// The order of every deterministic solver and variant, measured on normal data, and that the picture in
// methods/solvers/README.md shows these measurements. plot_convergence.py reads what is recorded here.
#include "tests/methods/solvers/convergence.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

namespace diffbench::solvers {
namespace {

bool reaches(const std::vector<ConvergencePoint>& points, double theory) {
  return fitted_order(points) >= theory - 0.15;
}

std::string csv_rows(const ConvergenceCase& c, const std::vector<ConvergencePoint>& points) {
  std::ostringstream rows;
  rows.precision(6);
  for (const auto& point : points) {
    rows << c.name << ',' << point.steps << ',' << point.evaluations << ',' << point.error << ',' << point.signed_error
         << '\n';
  }
  return rows.str();
}

class SolverOrder : public ::testing::TestWithParam<ConvergenceCase> {};

TEST_P(SolverOrder, ReachesTheoryAndNotTheNext) {
  const auto& c = GetParam();
  const auto points = measure(c);
  RecordProperty("rows", csv_rows(c, points));
  if (!c.order) {
    return;  // pndm: its errors change sign, and a logarithm's slope says nothing about that
  }
  RecordProperty("theory", std::to_string(*c.order));
  RecordProperty("fitted", std::to_string(fitted_order(points)));
  EXPECT_TRUE(reaches(points, *c.order)) << fitted_order(points) << " instead of " << *c.order;
  EXPECT_FALSE(reaches(points, *c.order + 1)) << fitted_order(points) << ", so this setup cannot tell orders apart";
}

INSTANTIATE_TEST_SUITE_P(All, SolverOrder, ::testing::ValuesIn(convergence_cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(SolverOrderCheck, RefusesASolverOfTooLowAnOrder) {
  const auto cases = convergence_cases();
  const auto points_of = [&](const std::string& name) {
    return measure(*std::find_if(cases.begin(), cases.end(), [&](const auto& c) { return c.name == name; }));
  };
  EXPECT_FALSE(reaches(points_of("ddim"), 2));
  EXPECT_FALSE(reaches(points_of("unipc_1_bh2"), 3));
  auto stuck = points_of("unipc_3_bh1");
  stuck.back().error = stuck[stuck.size() - 2].error;  // as a wrong last coefficient would
  EXPECT_FALSE(reaches(stuck, 4));
}

TEST(SolverOrderCheck, EveryDeterministicSolverIsMeasured) {
  std::vector<std::string> measured;
  for (const auto& c : convergence_cases()) {
    measured.push_back(c.solver);
  }
  for (const auto& entry : solver_table()) {
    if (!entry.stochastic) {
      EXPECT_THAT(measured, ::testing::Contains(entry.name));
    }
  }
}

TEST(SolverOrderCheck, ThePicturesTableIsWhatWasMeasured) {
  std::ifstream in(DIFFBENCH_TESTS_DIR "/../methods/solvers/convergence.csv");
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "case,steps,evaluations,error,signed_error");
  std::map<std::string, double> errors;  // by "case,steps,evaluations"
  while (std::getline(in, line)) {
    const size_t signed_at = line.rfind(',');
    const size_t error_at = line.rfind(',', signed_at - 1);
    errors[line.substr(0, error_at)] = std::stod(line.substr(error_at + 1));
  }
  size_t rows = 0;
  for (const auto& c : convergence_cases()) {
    for (const auto& point : measure(c)) {
      const auto key = c.name + "," + std::to_string(point.steps) + "," + std::to_string(point.evaluations);
      ASSERT_TRUE(errors.contains(key)) << key << ": run plot_convergence.py";
      EXPECT_NEAR(errors[key] / point.error, 1.0, 1e-3) << key << ": run plot_convergence.py";
      ++rows;
    }
  }
  EXPECT_EQ(errors.size(), rows);
}

}  // namespace
}  // namespace diffbench::solvers
