#include "kernels/exit_gate/exit_gate.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels/exit_gate/exit_gate_math.h"
#include "tests/kernels/exit_gate/exit_gate_test_support.h"

namespace diffbench::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
class ExitGate : public ::testing::Test {
 protected:
  static constexpr auto kCpu = exit_gate_cpu<T>;
  static constexpr auto kReference = exit_gate_reference<T>;
};
using TokenTypes = ::testing::Types<float, Bfloat16, double>;
TYPED_TEST_SUITE(ExitGate, TokenTypes);

double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

TYPED_TEST(ExitGate, KnownValues) {
  // two rows of two tokens (1, 2), (3, 4) and (0, 0), (-1, 0.5); weight (0.5, -1), bias 1, row bias 0 and 2
  const auto token = [](double value) { return from_double<TypeParam>(value); };
  const Gate<TypeParam> gate{
      2,         2, 2,     4, {token(1), token(2), token(3), token(4), token(0), token(0), token(-1), token(0.5)},
      {0.5, -1}, 1, {0, 2}};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    const auto u = run_gate(kernel, gate);
    EXPECT_NEAR(u[0], (sigmoid(-0.5) + sigmoid(-1.5)) / 2, 3e-7);
    EXPECT_NEAR(u[1], (sigmoid(3) + sigmoid(2)) / 2, 3e-7);
  }
}

TYPED_TEST(ExitGate, CpuAgreesWithReference) {
  for (const int64_t elements : {1, 3, 31, 32, 33, 64, 128, 200, 1024}) {
    for (const int64_t tokens : {1, 2, 15, 16, 17, 51, 64}) {
      for (const bool with_row_bias : {false, true}) {
        const auto gate = random_gate<TypeParam>(7, tokens, elements, 5, with_row_bias);
        const auto cpu = run_gate(this->kCpu, gate);
        const auto reference = run_gate(this->kReference, gate);
        for (int64_t row = 0; row < gate.rows; ++row) {
          const auto r = static_cast<size_t>(row);
          ASSERT_NEAR(cpu[r], reference[r], tolerance(gate, row))
              << elements << " elements, " << tokens << " tokens, row " << row;
        }
      }
    }
  }
}

TYPED_TEST(ExitGate, ARowDoesNotDependOnTheRowsBesideIt) {
  const auto gate = random_gate<TypeParam>(5, 19, 77, 3, true);
  const auto together = run_gate(this->kCpu, gate);
  for (size_t row = 0; row < 5; ++row) {
    Gate<TypeParam> alone = gate;
    alone.rows = 1;
    alone.row_bias = {gate.row_bias[row]};
    alone.tokens.erase(alone.tokens.begin(), alone.tokens.begin() + static_cast<std::ptrdiff_t>(row) * gate.row_stride);
    EXPECT_EQ(run_gate(this->kCpu, alone)[0], together[row]);
  }
}

TYPED_TEST(ExitGate, NoRows) {
  const Gate<TypeParam> gate{0, 4, 3, 12, {}, {1, 1, 1}, 0, {}};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_THAT(run_gate(kernel, gate), IsEmpty());
  }
}

TYPED_TEST(ExitGate, ANanIsItsOwnRowsAlone) {
  for (const int64_t at :
       {0, 40, 3 * 41 - 1}) {  // in the first token, in the part that fills no vector, the last element
    auto gate = random_gate<TypeParam>(3, 3, 41);
    gate.tokens[static_cast<size_t>(gate.row_stride + at)] = from_double<TypeParam>(std::nan(""));
    for (const auto kernel : {this->kCpu, this->kReference}) {
      EXPECT_THAT(run_gate(kernel, gate), ElementsAre(Not(IsNan()), IsNan(), Not(IsNan()))) << at;
    }
  }
}

TYPED_TEST(ExitGate, HugeAndInfiniteLogitsSaturate) {
  const auto gate = gate_of_logits<TypeParam>({kInfinity, -kInfinity, 1e30, -1e30, 200, -200});
  for (const auto kernel : {this->kCpu, this->kReference}) {
    const auto u = run_gate(kernel, gate);
    for (size_t row = 0; row < 6; ++row) {
      EXPECT_NEAR(u[row], row % 2 == 0 ? 1 : 0, 1e-30) << row;
    }
  }
}

TYPED_TEST(ExitGate, RefusesWrongArguments) {
  const auto gate = random_gate<TypeParam>(2, 3, 4);
  std::vector<float> uncertainty(2);
  const ExitGateArgs<TypeParam> good{gate.tokens.data(), 12, 2, 3, 4, gate.weight.data(), 0, nullptr,
                                     uncertainty.data()};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    const auto expect_refusal = [&](auto change, const char* text) {
      ExitGateArgs<TypeParam> args = good;
      change(args);
      EXPECT_THAT([&] { kernel(args); }, ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
    };
    EXPECT_NO_THROW(kernel(good));
    expect_refusal([](auto& args) { args.rows = -1; }, "rows must not be negative");
    expect_refusal([](auto& args) { args.token_count = 0; }, "at least one token");
    expect_refusal([](auto& args) { args.token_elements = 0; }, "at least one element");
    expect_refusal([](auto& args) { args.row_stride = 11; }, "row_stride");
    expect_refusal([](auto& args) { args.tokens = nullptr; }, "tokens are missing");
    expect_refusal([](auto& args) { args.weight = nullptr; }, "weight is missing");
    expect_refusal([](auto& args) { args.uncertainty = nullptr; }, "output is missing");
  }
}

TEST(GateSigmoid, IsWithinTheStatedErrorEverywhere) {
  double worst = 0;
  double worst_relative = 0;
  for (double logit = -79; logit <= 79; logit += 1.0 / 1024) {
    const auto x = static_cast<float>(logit + 1.0 / 3000);
    const double exact = sigmoid(static_cast<double>(x));
    const double error = std::abs(static_cast<double>(gate_sigmoid(x)) - exact);
    worst = std::max(worst, error);
    worst_relative = std::max(worst_relative, error / exact);
  }
  EXPECT_LT(worst, 1.2e-7);
  EXPECT_LT(worst_relative, 5e-7);  // a small uncertainty keeps its digits
}

}  // namespace
}  // namespace diffbench::kernels
