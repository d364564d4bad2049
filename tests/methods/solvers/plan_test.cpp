// The table itself: how the builder fills it, what one evaluation means, and what is refused.
#include "methods/solvers/plan.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <stdexcept>

#include "methods/solvers/linear_form.h"
#include "methods/solvers/plan_reference.h"

namespace diffbench::solvers {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const Linear kX = Linear::state(0);

TEST(LinearForm, CollectsTermsAndDropsZeros) {
  const Linear form = (kX - 3.0 * Linear::eps()) / 2.0 + Linear::noise() - 0.5 * kX;
  const auto terms = form.terms();
  ASSERT_EQ(terms.size(), 2u);  // 0.5 x - 0.5 x is gone
  EXPECT_EQ(terms[0].source, kNoise);
  EXPECT_EQ(terms[0].coefficient, 1.0);
  EXPECT_EQ(terms[1].source, kEps);
  EXPECT_EQ(terms[1].coefficient, -1.5);
}

TEST(PlanBuilder, CountsRegistersAndNumbersDraws) {
  PlanBuilder builder("example", "leading", 2);
  builder.prologue(0, kX + Linear::noise());
  builder.evaluate(9.0, 0, 0.5, 0.5);
  builder.update(2, kX);
  builder.evaluate(4.0, 1, 0.5, 0.5);
  builder.update(0, Linear::state(2) + Linear::noise());
  const Plan plan = builder.finish();
  EXPECT_EQ(plan.registers, 3);
  EXPECT_EQ(plan.prologue_noise_draw, 0);
  EXPECT_EQ(plan.evaluations[0].noise_draw, -1);
  EXPECT_EQ(plan.evaluations[1].noise_draw, 1);
  EXPECT_EQ(plan.noise_draws, 2);
}

TEST(RunReference, AllUpdatesOfAnEvaluationReadTheOldRegisters) {
  PlanBuilder builder("swap", "leading", 2);
  builder.start_with(2.0);
  builder.evaluate(9.0, 0, 1.0, 0.0).input_scale = 10.0;
  builder.update(0, Linear::eps());
  builder.update(1, kX);
  builder.evaluate(4.0, 1, 1.0, 0.0);
  builder.update(0, Linear::state(1));
  builder.update(1, kX);
  std::vector<double> inputs;
  const auto sample = run_reference(
      builder.finish(), {3.0}, [](const Values&, double) { return Values{7.0}; }, {},
      [&](double, const Values& x) { inputs.push_back(x[0]); });
  EXPECT_EQ(inputs, (std::vector<double>{60.0, 7.0}));  // input_scale * initial_scale * start, then the eps
  EXPECT_EQ(sample, Values{6.0});                       // register 0 of before the first evaluation
}

Plan small_plan() {
  PlanBuilder builder("example", "leading", 1);
  builder.evaluate(0.0, 0, 1.0, 0.1);
  builder.update(0, kX - 0.1 * Linear::eps());
  return builder.finish();
}

void expect_refused(const std::function<void(Plan&)>& damage, const std::string& text) {
  Plan plan = small_plan();
  validate(plan);
  damage(plan);
  EXPECT_THAT([&] { validate(plan); }, ThrowsMessage<std::logic_error>(HasSubstr(text)));
}

TEST(Validate, RefusesTablesThatCannotRun) {
  expect_refused([](Plan& plan) { plan.evaluations.clear(); }, "no steps, registers, evaluations");
  expect_refused([](Plan& plan) { plan.evaluations[0].t = NAN; }, "no valid time");
  expect_refused([](Plan& plan) { plan.evaluations[0].alpha = 0.0; }, "no valid time or scale");
  expect_refused([](Plan& plan) { plan.evaluations[0].step = 1; }, "steps are not in order");
  expect_refused(
      [](Plan& plan) {
        plan.steps = 3;
        plan.evaluations[0].step = 2;
      },
      "steps are not in order");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates[0].target = 1; }, "bad target");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates.push_back(plan.evaluations[0].updates[0]); },
                 "bad target");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates[0].terms[0].source = 1; }, "bad source");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates[0].terms[0].coefficient = 0.0; }, "zero or not finite");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates[0].terms[0].coefficient = INFINITY; }, "not finite");
  expect_refused([](Plan& plan) { plan.evaluations[0].updates[0].terms.push_back({kNoise, 1.0}); }, "not numbered");
  expect_refused([](Plan& plan) { plan.prologue.push_back({0, {{kEps, 1.0}}}); }, "bad source");
  expect_refused([](Plan& plan) { plan.noise_draws = 1; }, "wrong number of noise draws");
}

}  // namespace
}  // namespace diffbench::solvers
