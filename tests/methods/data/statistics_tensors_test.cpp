#include "methods/data/statistics_tensors.h"

#include <gmock/gmock.h>

#include "methods/data/tensor_file.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;

TEST(StatisticsTensors, AreFoundInBothKindsOfFile) {
  for (const char* name : {"statistics.npz", "statistics.pt"}) {
    const auto file = read_tensors(golden(name));
    const auto found = find_statistics(file, name);
    EXPECT_EQ(found.mean->dtype, DType::f32) << name;  // numpy's mean of float32 rows; its covariance is float64
    EXPECT_EQ(found.covariance->shape, (std::vector<int64_t>{3, 3})) << name;
    EXPECT_EQ(found.count, std::nullopt) << name;
  }
}

TEST(StatisticsTensors, WhatIsNoneIsRefused) {
  const auto error = [](const NamedTensors& file) { return error_of([&] { find_statistics(file, "f"); }); };
  const auto mean = RawTensor::make(DType::f64, {3});
  const auto covariance = RawTensor::make(DType::f64, {3, 3});
  EXPECT_THAT(error({{"sigma", covariance}}), HasSubstr("f: mu: missing"));
  EXPECT_THAT(error({{"mu", RawTensor::make(DType::u8, {3})}, {"sigma", covariance}}), HasSubstr("f: mu: holds U8"));
  EXPECT_THAT(error({{"mu", mean}, {"sigma", RawTensor::make(DType::f64, {3, 4})}}),
              HasSubstr("f: sigma: mu is [3] and sigma [3, 4], expected [D] and [D, D]"));
  EXPECT_THAT(error({{"mu", RawTensor::make(DType::f64, {})}, {"sigma", covariance}}), HasSubstr("mu is []"));
  EXPECT_THAT(error({{"mu", mean}, {"sigma", covariance}, {"n", RawTensor::make(DType::i64, {})}}),
              HasSubstr("f: n: expected one whole number of at least 2"));
}

}  // namespace
}  // namespace diffbench::data
