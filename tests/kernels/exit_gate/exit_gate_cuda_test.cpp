#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "kernels/exit_gate/exit_gate.h"
#include "tests/kernels/exit_gate/exit_gate_test_support.h"
#include "tests/kernels/linear_combination/device_memory.h"

namespace diffbench::kernels {
namespace {

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() {
    for (void* data : owned_) {
      free_on_device(data);
    }
  }
  template <typename T>
  T* copy(const std::vector<T>& values) {
    return static_cast<T*>(owned_.emplace_back(copy_to_device(values.data(), values.size() * sizeof(T))));
  }

 private:
  std::vector<void*> owned_;
};

template <typename T>
std::vector<float> run_on_device(const Gate<T>& gate) {
  Device device;
  std::vector<float> uncertainty(static_cast<size_t>(gate.rows), -7);
  const ExitGateArgs<T> args{device.copy(gate.tokens),
                             gate.row_stride,
                             gate.rows,
                             gate.token_count,
                             gate.token_elements,
                             device.copy(gate.weight),
                             gate.bias,
                             gate.row_bias.empty() ? nullptr : device.copy(gate.row_bias),
                             device.copy(uncertainty)};
  exit_gate_cuda(args, nullptr);
  copy_to_host(uncertainty.data(), args.uncertainty, uncertainty.size() * sizeof(float));
  return uncertainty;
}

template <typename T>
void expect_equal(const Gate<T>& gate) {
  const auto device = run_on_device(gate);
  const auto host = run_gate(exit_gate_cpu<T>, gate);
  for (size_t row = 0; row < host.size(); ++row) {
    EXPECT_TRUE(device[row] == host[row] || (std::isnan(device[row]) && std::isnan(host[row])))
        << row << ": " << device[row] << " for " << host[row];
  }
}

template <typename T>
class ExitGateCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_device()) {
      GTEST_SKIP() << "needs a CUDA device";
    }
  }
};
using TokenTypes = ::testing::Types<float, Bfloat16, double>;
TYPED_TEST_SUITE(ExitGateCuda, TokenTypes);

TYPED_TEST(ExitGateCuda, EqualsCpuBitForBit) {
  for (const int64_t elements : {1, 31, 32, 33, 128, 1000}) {
    for (const int64_t tokens : {1, 16, 17, 51}) {
      for (const bool with_row_bias : {false, true}) {
        expect_equal(random_gate<TypeParam>(67, tokens, elements, 5, with_row_bias));
      }
    }
  }
}

TYPED_TEST(ExitGateCuda, MoreRowsThanTheGridHolds) { expect_equal(random_gate<TypeParam>(70001, 2, 3)); }

TYPED_TEST(ExitGateCuda, NoRowsAndNan) {
  expect_equal(Gate<TypeParam>{0, 4, 3, 12, {}, {1, 1, 1}, 0, {}});
  auto gate = random_gate<TypeParam>(40, 3, 41);
  gate.tokens[5] = from_double<TypeParam>(std::nan(""));
  expect_equal(gate);
}

TEST(ExitGateCudaErrors, ArgumentsAreCheckedBeforeTheDeviceIsTouched) {
  EXPECT_THROW(exit_gate_cuda(ExitGateArgs<float>{}, nullptr), std::invalid_argument);
}

TEST(ExitGateCudaErrors, WithoutADeviceTheLaunchThrows) {
  if (has_device()) {
    GTEST_SKIP() << "there is a CUDA device";
  }
  const Gate<float> gate = gate_of_logits<float>({0});
  EXPECT_THROW(run_gate<float>([](const ExitGateArgs<float>& args) { exit_gate_cuda(args, nullptr); }, gate),
               std::runtime_error);
}

}  // namespace
}  // namespace diffbench::kernels
