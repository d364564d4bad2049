#include "kernels/philox_normal/philox_normal.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/philox_normal/philox_normal_math.h"

namespace diffbench::kernels {
namespace {

std::vector<float> draw(void (*kernel)(const PhiloxNormalArgs&), std::vector<int64_t> samples, int64_t elements,
                        uint64_t seed, uint32_t number) {
  std::vector<float> out(samples.size() * static_cast<size_t>(elements));
  kernel({out.data(), samples.data(), static_cast<int64_t>(samples.size()), elements, seed, number});
  return out;
}

TEST(PhiloxNormal, GeneratorGivesThePublishedVector) {  // Random123's kat_vectors: philox4x32 10, all zero
  const auto words = philox_words(0, 0, 0, 0);
  EXPECT_EQ(words[0], 0x6627e8d5u);
  EXPECT_EQ(words[1], 0xe169c58du);
  EXPECT_EQ(words[2], 0xbc57ac4cu);
  EXPECT_EQ(words[3], 0x9b00dbd8u);
}

TEST(PhiloxNormal, CpuEqualsReferenceToAFloatRounding) {
  const std::vector<int64_t> samples{0, 5, int64_t{1} << 40};
  const auto fast = draw(philox_normal_cpu, samples, 4099, 99, 3);
  const auto plain = draw(philox_normal_reference, samples, 4099, 99, 3);
  for (size_t i = 0; i < fast.size(); ++i) {
    ASSERT_NEAR(fast[i], plain[i], 1e-6F * std::max(1.0F, std::abs(plain[i]))) << i;
  }
}

TEST(PhiloxNormal, MathEqualsLibmInFloat64) {
  for (uint32_t word : {0u, 1u, 12345u, 0x1fffffffu, 0x20000000u, 0x7fffffffu, 0x80000000u, 0xdfffffffu, 0xffffffffu}) {
    EXPECT_NEAR(log_of_uniform(word), std::log((word + 0.5) / 4294967296.0), 2e-14) << word;
    double cosine = 0;
    double sine = 0;
    cos_sin_of_turn(word, cosine, sine);
    const double angle = 2 * M_PI * (word / 4294967296.0);
    EXPECT_NEAR(cosine, std::cos(angle), 1e-15) << word;
    EXPECT_NEAR(sine, std::sin(angle), 1e-15) << word;
  }
}

TEST(PhiloxNormal, ARowDependsOnItsSampleAlone) {
  const auto batch = draw(philox_normal_cpu, {7, 8, 9}, 10, 1, 2);
  const auto alone = draw(philox_normal_cpu, {9}, 10, 1, 2);
  EXPECT_EQ(alone, std::vector<float>(batch.begin() + 20, batch.end()));
  EXPECT_NE(alone, draw(philox_normal_cpu, {9}, 10, 2, 2));
  EXPECT_NE(alone, draw(philox_normal_cpu, {9}, 10, 1, 3));
}

TEST(PhiloxNormal, MomentsAreThoseOfAUnitNormal) {
  std::vector<int64_t> samples(1000);
  std::iota(samples.begin(), samples.end(), 0);
  const auto values = draw(philox_normal_cpu, samples, 1000, 5, 0);
  const double n = static_cast<double>(values.size());
  double moments[5] = {};
  for (const double value : values) {
    for (int power = 1; power <= 4; ++power) {
      moments[power] += std::pow(value, power) / n;
    }
  }
  EXPECT_NEAR(moments[1], 0.0, 4.0 / std::sqrt(n));  // four standard errors each
  EXPECT_NEAR(moments[2], 1.0, 4.0 * std::sqrt(2.0 / n));
  EXPECT_NEAR(moments[3], 0.0, 4.0 * std::sqrt(15.0 / n));
  EXPECT_NEAR(moments[4], 3.0, 4.0 * std::sqrt(96.0 / n));
}

}  // namespace
}  // namespace diffbench::kernels
