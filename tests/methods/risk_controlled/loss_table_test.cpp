#include "methods/risk_controlled/procedures/loss_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"

namespace diffbench::risk_control {
namespace {

using data::DType;
using data::RawTensor;

template <typename T>
RawTensor tensor(DType dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  RawTensor result = RawTensor::make(dtype, std::move(shape));
  std::copy(values.begin(), values.end(), result.as<T>().begin());
  return result;
}

std::filesystem::path write(const std::string& name, const data::NamedTensors& tensors) {
  const auto path = std::filesystem::path(::testing::TempDir()) / name;
  data::write_safetensors(path, tensors);
  return path;
}

TEST(LossTable, ReadsRowsAsUnitsInEitherPrecision) {
  const auto losses = tensor<double>(DType::f64, {2, 3}, {0, 1, 2, 3, 4, 5});
  const auto thresholds = tensor<float>(DType::f32, {3}, {0.25f, 0.5f, 0.75f});
  const LossTable table = read_loss_table(write("table.safetensors", {{"losses", losses}, {"thresholds", thresholds}}));
  EXPECT_EQ(table.units, 2u);
  EXPECT_THAT(table.thresholds, ::testing::ElementsAre(0.25, 0.5, 0.75));
  EXPECT_THAT(table.column(1), ::testing::ElementsAre(1, 4));
}

TEST(LossTable, RefusesFilesOfAnotherShapeOrType) {
  const auto losses = tensor<double>(DType::f64, {2, 2}, {0, 1, 0, 1});
  const auto thresholds = tensor<double>(DType::f64, {2}, {0, 1});
  const auto three = tensor<double>(DType::f64, {3}, {0, 1, 2});
  const auto whole = tensor<int64_t>(DType::i64, {2, 2}, {0, 1, 0, 1});
  const auto flat = tensor<double>(DType::f64, {4}, {0, 1, 0, 1});
  const std::map<std::string, data::NamedTensors> faults = {
      {"'losses'", {{"thresholds", thresholds}}},
      {"'thresholds'", {{"losses", losses}}},
      {"'thresholds' must be F64 [2], is F64 [3]", {{"losses", losses}, {"thresholds", three}}},
      {"'losses' must be F64 [*, *], is I64", {{"losses", whole}, {"thresholds", thresholds}}},
      {"'losses' must be F64 [*, *], is F64 [4]", {{"losses", flat}, {"thresholds", thresholds}}}};
  for (const auto& [words, tensors] : faults) {
    try {
      read_loss_table(write("fault.safetensors", tensors));
      FAIL() << words;
    } catch (const config::InputError& error) {
      EXPECT_THAT(error.what(),
                  ::testing::AllOf(::testing::HasSubstr("fault.safetensors"), ::testing::HasSubstr(words)));
    }
  }
}

}  // namespace
}  // namespace diffbench::risk_control
