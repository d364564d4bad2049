#include "kernels/linear_combination/linear_combination.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/kernels/linear_combination/linear_combination_test_support.h"

namespace diffbench::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <typename T>
class LinearCombination : public ::testing::Test {
 protected:
  static constexpr auto kCpu = linear_combination_cpu<T>;
  static constexpr auto kReference = linear_combination_reference<T>;
};
using StateTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LinearCombination, StateTypes);

TYPED_TEST(LinearCombination, KnownValues) {
  Update<TypeParam> update{{{1, 2, 3}, {10, 20, 30}}, {1, 0.5, 0, -1}, 2, 1, 3};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_THAT(run<TypeParam>(kernel, update), ElementsAre(ElementsAre(6, 12, 18), ElementsAre(-10, -20, -30)));
  }
}

TYPED_TEST(LinearCombination, TheTableIsByRowThenOutputThenSource) {
  Update<TypeParam> update{{{1, 2}, {10, 20}}, {1, 1, 2, 0, 3, 0, 0, 1}, 2, 2, 1, 0, true};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_THAT(run<TypeParam>(kernel, update), ElementsAre(ElementsAre(11, 6), ElementsAre(2, 20)));
  }
}

TYPED_TEST(LinearCombination, CpuEqualsReferenceBitForBit) {
  for (const int64_t elements : {0, 1, 255, 256, 257, 784, 1000}) {
    for (int sources = 1; sources <= kMaxLinearCombinationSources; ++sources) {
      for (const int outputs : {1, 2, 5, 8}) {
        for (const bool per_row : {false, true}) {
          const auto update = random_update<TypeParam>(sources, outputs, 3, elements, per_row);
          ASSERT_EQ(run<TypeParam>(this->kCpu, update), run<TypeParam>(this->kReference, update))
              << elements << " elements, " << sources << " sources, " << outputs << " outputs, per row " << per_row;
        }
      }
    }
  }
}

TYPED_TEST(LinearCombination, InPlaceEverythingReadsTheOldValues) {
  for (const bool per_row : {false, true}) {
    auto update = random_update<TypeParam>(5, 4, 3, 777, per_row);
    const auto apart = run<TypeParam>(this->kReference, update);
    for (update.in_place = 1; update.in_place <= 4; ++update.in_place) {
      EXPECT_EQ(run<TypeParam>(this->kCpu, update), apart) << update.in_place;
      EXPECT_EQ(run<TypeParam>(this->kReference, update), apart) << update.in_place;
    }
  }
}

TYPED_TEST(LinearCombination, InPlaceSwapOfTwoArrays) {
  Update<TypeParam> update{
      {std::vector<TypeParam>(600, 1), std::vector<TypeParam>(600, 2)}, {0, 1, 1, 0}, 2, 1, 600, 2};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_THAT(run<TypeParam>(kernel, update), ElementsAre(update.sources[1], update.sources[0]));
  }
}

TYPED_TEST(LinearCombination, ASourceWithCoefficientZeroIsNotRead) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const TypeParam infinity = std::numeric_limits<TypeParam>::infinity();
  // row 0 uses source 0 alone, row 1 source 1 alone, row 2 none; a negative zero is a zero
  Update<TypeParam> update{{{5, nan, nan}, {nan, 6, infinity}}, {2, 0, -0.0, 3, 0, 0}, 1, 3, 1, 0, true};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_THAT(run<TypeParam>(kernel, update), ElementsAre(ElementsAre(10, 18, 0)));
  }
  update.table = {2, 1, 0, 3, 1, 0};  // with a coefficient the NaN must show
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_TRUE(std::isnan(run<TypeParam>(kernel, update)[0][0]));
  }
}

TYPED_TEST(LinearCombination, AnUnusedSourceMayBeNull) {
  const TypeParam x[] = {1, 2};
  TypeParam out[] = {0, 0};
  const double table[] = {3, 0};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    kernel({{x, nullptr}, {out}, 2, 1, table, 0, 1, 2});
    EXPECT_THAT(out, ElementsAre(3, 6));
  }
}

TYPED_TEST(LinearCombination, ArithmeticIsThatOfTheStateWithoutContraction) {
  // 4097^2 = 2^24 + 8193 is odd: float32 rounds the product down by 1, while float64, or a fused float32, keeps the 1
  const Update<TypeParam> update{{{4097}, {1}}, {4097, -16785408}, 1, 1, 1};
  const TypeParam expected = sizeof(TypeParam) == sizeof(float) ? 0 : 1;
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_EQ(run<TypeParam>(kernel, update)[0][0], expected);
  }
}

TYPED_TEST(LinearCombination, ACoefficientIsZeroWhenItIsZeroInTheState) {
  const Update<TypeParam> update{{{1}, {std::numeric_limits<TypeParam>::quiet_NaN()}}, {1, 1e-60}, 1, 1, 1};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    EXPECT_EQ(std::isnan(run<TypeParam>(kernel, update)[0][0]), sizeof(TypeParam) == sizeof(double));
  }
}

TYPED_TEST(LinearCombination, RowTablesMayStandApart) {
  const TypeParam x[] = {1, 2};
  TypeParam out[] = {0, 0};
  const double table[] = {3, -1, -1, 5};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    kernel({{x}, {out}, 1, 1, table, 3, 2, 1});
    EXPECT_THAT(out, ElementsAre(3, 10));
  }
}

TYPED_TEST(LinearCombination, RefusesWrongArguments) {
  std::vector<TypeParam> a(10);
  std::vector<TypeParam> b(10);
  const std::vector<double> table(100, 1.0);
  const LinearCombinationArgs<TypeParam> good{{a.data()}, {b.data()}, 1, 1, table.data(), 0, 2, 5};
  for (const auto kernel : {this->kCpu, this->kReference}) {
    const auto expect_refusal = [&](auto change, const char* text) {
      LinearCombinationArgs<TypeParam> args = good;
      change(args);
      EXPECT_THAT([&] { kernel(args); }, ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
    };
    EXPECT_NO_THROW(kernel(good));
    expect_refusal([](auto& args) { args.source_count = 0; }, "1 to 8 sources");
    expect_refusal([](auto& args) { args.source_count = 9; }, "1 to 8 sources");
    expect_refusal([](auto& args) { args.output_count = 0; }, "1 to 8 outputs");
    expect_refusal([](auto& args) { args.output_count = 9; }, "1 to 8 outputs");
    expect_refusal([](auto& args) { args.rows = -1; }, "negative");
    expect_refusal([](auto& args) { args.row_elements = -1; }, "negative");
    expect_refusal([](auto& args) { args.coefficient_row_stride = -1; }, "coefficient_row_stride");
    expect_refusal(
        [&](auto& args) {
          args.source_count = 2;
          args.sources[1] = a.data();
          args.coefficient_row_stride = 1;
        },
        "coefficient_row_stride");
    expect_refusal([](auto& args) { args.coefficients = nullptr; }, "coefficients are missing");
    expect_refusal([](auto& args) { args.outputs[0] = nullptr; }, "an output is missing");
    expect_refusal([&](auto& args) { args.outputs[0] = a.data() + 1; }, "overlaps a source");
    expect_refusal(
        [&](auto& args) {
          args.output_count = 2;
          args.outputs[1] = b.data();
        },
        "two outputs overlap");
  }
}

}  // namespace
}  // namespace diffbench::kernels
