#include <gmock/gmock.h>

#include <stdexcept>
#include <vector>

#include "kernels/row_copy/row_copy.h"
#include "tests/kernels/linear_combination/device_memory.h"
#include "tests/kernels/row_copy/row_copy_test_support.h"

namespace diffbench::kernels {
namespace {

std::vector<Bytes> run_on_device(const Move& move) {
  std::vector<Bytes> sources = move.sources;
  std::vector<Bytes> destinations = blank_destinations(move);
  std::vector<uint8_t*> source_pointers;
  std::vector<uint8_t*> destination_pointers;
  for (size_t t = 0; t < sources.size(); ++t) {
    source_pointers.push_back(static_cast<uint8_t*>(copy_to_device(sources[t].data(), sources[t].size())));
    destination_pointers.push_back(
        static_cast<uint8_t*>(copy_to_device(destinations[t].data(), destinations[t].size())));
  }
  void* rows = copy_to_device(move.rows.data(), move.rows.size() * sizeof(int64_t));
  row_copy_cuda(arguments_of(move, source_pointers, destination_pointers, static_cast<int64_t*>(rows)), nullptr);
  for (size_t t = 0; t < sources.size(); ++t) {
    copy_to_host(sources[t].data(), source_pointers[t], sources[t].size());
    copy_to_host(destinations[t].data(), destination_pointers[t], destinations[t].size());
    free_on_device(source_pointers[t]);
    free_on_device(destination_pointers[t]);
  }
  free_on_device(rows);
  return promised(move, sources, destinations);
}

class RowCopyCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_device()) {
      GTEST_SKIP() << "needs a CUDA device";
    }
  }
};

TEST_F(RowCopyCuda, EqualsReferenceForEveryPieceSizeAndAlignment) {
  const std::vector<int64_t> sizes{0, 1, 2, 3, 4, 7, 8, 12, 16, 48, 1000, 4099, 26112};
  for (const size_t offset : {0, 1, 2, 4, 8}) {
    const Move any_order = numbered_move(sizes, {5, 0, 8, 2, 3}, 9, offset);
    EXPECT_EQ(run_on_device(any_order), run_move(row_copy_reference, any_order)) << offset;
    Move move = numbered_move(sizes, {0, 2, 3, 5, 6, 7, 10, 11, 12, 19}, 20, offset);
    const auto apart = run_move(row_copy_reference, move);
    move.in_place.assign(sizes.size(), true);
    move.in_place[3] = false;
    EXPECT_EQ(run_on_device(move), apart) << offset;
  }
}

TEST_F(RowCopyCuda, MoreRowsAndLongerRowsThanTheGridHolds) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < 70000; ++row) {
    rows.push_back(row + row / 3);
  }
  Move many = numbered_move({3}, rows, 100000);
  EXPECT_EQ(run_on_device(many), run_move(row_copy_reference, many));
  Move wide = numbered_move({4096 * 1024 + 7}, {1, 2}, 3);  // odd: pieces of one byte
  const auto apart = run_move(row_copy_reference, wide);
  EXPECT_EQ(run_on_device(wide), apart);
  wide.in_place = {true};
  EXPECT_EQ(run_on_device(wide), apart);
}

TEST(RowCopyCudaErrors, ArgumentsAreCheckedBeforeTheDeviceIsTouched) {
  EXPECT_THROW(row_copy_cuda({{}, kMaxRowCopyTensors + 1, nullptr, 0, 0}, nullptr), std::invalid_argument);
}

TEST(RowCopyCudaErrors, WithoutADeviceTheLaunchThrows) {
  if (has_device()) {
    GTEST_SKIP() << "there is a CUDA device";
  }
  char x[] = {1};
  char out[] = {0};
  const int64_t rows[] = {0};
  EXPECT_THROW(row_copy_cuda({{{x, out, 1}}, 1, rows, 1, 1}, nullptr), std::runtime_error);
}

}  // namespace
}  // namespace diffbench::kernels
