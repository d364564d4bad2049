#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/linear_combination/linear_combination.h"
#include "tests/kernels/linear_combination/device_memory.h"
#include "tests/kernels/linear_combination/linear_combination_test_support.h"

namespace diffbench::kernels {
namespace {

// one allocation on the device, filled from the host
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values)
      : size_(values.size()), data_(copy_to_device(values.data(), size_ * sizeof(T))) {}
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { free_on_device(data_); }
  T* data() { return static_cast<T*>(data_); }
  std::vector<T> values() const {
    std::vector<T> result(size_);
    copy_to_host(result.data(), data_, size_ * sizeof(T));
    return result;
  }

 private:
  size_t size_;
  void* data_;
};

template <typename T>
Arrays<T> run_on_device(const Update<T>& update) {
  std::vector<std::unique_ptr<DeviceArray<T>>> arrays;
  std::vector<T*> sources;
  std::vector<T*> outputs;
  for (const auto& source : update.sources) {
    sources.push_back(arrays.emplace_back(std::make_unique<DeviceArray<T>>(source))->data());
  }
  const std::vector<T> blank(static_cast<size_t>(update.rows * update.row_elements), T{77});
  for (int o = 0; o < update.output_count; ++o) {
    outputs.push_back(arrays.emplace_back(std::make_unique<DeviceArray<T>>(blank))->data());
  }
  DeviceArray<double> table(update.table);
  linear_combination_cuda(arguments_of(update, sources, outputs, update.per_row ? table.data() : update.table.data()),
                          nullptr);
  Arrays<T> results;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const size_t array = static_cast<int>(o) < update.in_place ? o : sources.size() + o;
    results.push_back(arrays[array]->values());
  }
  return results;
}

template <typename T>
class LinearCombinationCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_device()) {
      GTEST_SKIP() << "needs a CUDA device";
    }
  }
};
using StateTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LinearCombinationCuda, StateTypes);

TYPED_TEST(LinearCombinationCuda, EqualsReferenceBitForBit) {
  for (const int64_t elements : {1, 255, 257, 784}) {
    for (const int sources : {1, 3, 8}) {
      for (const int outputs : {1, 2, 8}) {
        for (const bool per_row : {false, true}) {
          auto update = random_update<TypeParam>(sources, outputs, 3, elements, per_row);
          const auto expected = run<TypeParam>(linear_combination_reference<TypeParam>, update);
          EXPECT_EQ(run_on_device(update), expected) << elements << " " << sources << " " << outputs << " " << per_row;
          update.in_place = std::min(sources, outputs);
          EXPECT_EQ(run_on_device(update), expected) << elements << " " << sources << " " << outputs << " in place";
        }
      }
    }
  }
}

TYPED_TEST(LinearCombinationCuda, MoreRowsAndLongerRowsThanTheGridHolds) {
  for (const auto& [rows, elements] : {std::pair<int64_t, int64_t>{70000, 3}, {2, 4096 * 256 + 5}}) {
    for (const bool per_row : {false, true}) {
      const auto update = random_update<TypeParam>(2, 1, rows, elements, per_row);
      EXPECT_EQ(run_on_device(update), run<TypeParam>(linear_combination_reference<TypeParam>, update));
    }
  }
}

TYPED_TEST(LinearCombinationCuda, ASourceWithCoefficientZeroIsNotRead) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const Update<TypeParam> update{{{5, nan, nan}, {nan, 6, nan}}, {2, 0, -0.0, 3, 0, 0}, 1, 3, 1, 0, true};
  EXPECT_THAT(run_on_device(update), ::testing::ElementsAre(::testing::ElementsAre(10, 18, 0)));
}

TEST(LinearCombinationCudaErrors, ArgumentsAreCheckedBeforeTheDeviceIsTouched) {
  LinearCombinationArgs<float> args{};
  args.source_count = kMaxLinearCombinationSources + 1;
  EXPECT_THROW(linear_combination_cuda(args, nullptr), std::invalid_argument);
}

TEST(LinearCombinationCudaErrors, WithoutADeviceTheLaunchThrows) {
  if (has_device()) {
    GTEST_SKIP() << "there is a CUDA device";
  }
  const float x[] = {1};
  float out[] = {0};
  const double table[] = {1};
  const LinearCombinationArgs<float> args{{x}, {out}, 1, 1, table, 0, 1, 1};
  EXPECT_THROW(linear_combination_cuda(args, nullptr), std::runtime_error);
}

}  // namespace
}  // namespace diffbench::kernels
