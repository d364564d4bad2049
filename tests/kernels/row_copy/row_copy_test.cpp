#include "kernels/row_copy/row_copy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "tests/kernels/row_copy/row_copy_test_support.h"

namespace diffbench::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Kernel = void (*)(const RowCopyArgs&);
class RowCopy : public ::testing::TestWithParam<Kernel> {};
INSTANTIATE_TEST_SUITE_P(Versions, RowCopy, ::testing::Values(row_copy_reference, row_copy_cpu),
                         [](const auto& version) { return version.index == 0 ? "Reference" : "Cpu"; });

TEST_P(RowCopy, GathersInTheOrderOfTheIndices) {
  const Move move{{2}, {{0, 1, 10, 11, 20, 21}}, {2, 0, 2, 1}, 3, {false}};
  EXPECT_THAT(run_move(GetParam(), move), ElementsAre(ElementsAre(20, 21, 0, 1, 20, 21, 10, 11)));
}

TEST_P(RowCopy, MovesTypedTensorsOfDifferentWidthTogether) {
  const std::vector<float> x{0, 1, 2, 3, 4, 5};
  const std::vector<int64_t> ids{100, 101, 102};
  std::vector<float> some_x(4);
  std::vector<int64_t> some_ids(2);
  const std::vector<int64_t> rows{2, 0};
  GetParam()({{{x.data(), some_x.data(), 8}, {ids.data(), some_ids.data(), 8}}, 2, rows.data(), 2, 3});
  EXPECT_THAT(some_x, ElementsAre(4, 5, 0, 1));
  EXPECT_THAT(some_ids, ElementsAre(102, 100));
}

TEST_P(RowCopy, InPlaceCompacts) {
  const Move move{{2}, {{0, 1, 10, 11, 20, 21, 30, 31, 40, 41}}, {0, 2, 3}, 5, {true}};
  EXPECT_THAT(run_move(GetParam(), move), ElementsAre(ElementsAre(0, 1, 20, 21, 30, 31)));
}

TEST_P(RowCopy, InPlaceARunThatOverlapsItself) {  // rows 1 .. 9 move down by one as one piece
  Move move = numbered_move({5}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, 10);
  const auto apart = run_move(row_copy_reference, move);
  move.in_place = {true};
  EXPECT_EQ(run_move(GetParam(), move), apart);
}

TEST_P(RowCopy, NothingToMove) {
  EXPECT_NO_THROW(GetParam()({{}, 0, nullptr, 0, 0}));
  EXPECT_NO_THROW(GetParam()({{{nullptr, nullptr, 16}}, 1, nullptr, 0, 0}));
  const int64_t rows[] = {1};
  EXPECT_NO_THROW(GetParam()({{{nullptr, nullptr, 0}}, 1, rows, 1, 2}));
  const Move move = numbered_move({4}, {}, 3);
  EXPECT_EQ(run_move(GetParam(), move), std::vector<Bytes>{Bytes()});
}

TEST_P(RowCopy, RefusesWrongArguments) {
  std::vector<char> a(40);
  std::vector<char> b(40);
  const std::vector<int64_t> rows{1, 3};
  const RowCopyArgs good{{{a.data(), b.data(), 5}}, 1, rows.data(), 2, 4};
  const auto expect_refusal = [&](auto change, const char* text) {
    RowCopyArgs args = good;
    change(args);
    EXPECT_THAT([&] { GetParam()(args); }, ThrowsMessage<std::invalid_argument>(HasSubstr(text)));
  };
  EXPECT_NO_THROW(GetParam()(good));
  expect_refusal([](auto& args) { args.tensor_count = -1; }, "at most 32 tensors");
  expect_refusal([](auto& args) { args.tensor_count = 33; }, "at most 32 tensors");
  expect_refusal([](auto& args) { args.count = -1; }, "negative");
  expect_refusal([](auto& args) { args.source_rows = -1; }, "negative");
  expect_refusal([](auto& args) { args.rows = nullptr; }, "indices are missing");
  expect_refusal([](auto& args) { args.tensors[0].row_bytes = -1; }, "row_bytes");
  expect_refusal([](auto& args) { args.tensors[0].source = nullptr; }, "a tensor is missing");
  expect_refusal([](auto& args) { args.tensors[0].destination = nullptr; }, "a tensor is missing");
  expect_refusal([](auto& args) { args.source_rows = 3; }, "out of range");
  expect_refusal([&](auto& args) { args.tensors[0].destination = a.data() + 5; }, "overlaps a source");
  expect_refusal(
      [&](auto& args) {
        args.tensor_count = 2;
        args.tensors[1] = args.tensors[0];
      },
      "two destinations overlap");
  expect_refusal(
      [&](auto& args) {  // a second tensor that reads what the first one writes
        args.tensor_count = 2;
        args.tensors[1] = {b.data(), a.data() + 20, 5};
      },
      "overlaps a source");
}

TEST_P(RowCopy, RefusesANegativeIndexBeforeAnythingIsWritten) {
  Move move = numbered_move({3}, {0, -1}, 4);
  std::vector<uint8_t> out(6, kUntouched);
  const RowCopyArgs args{{{move.sources[0].data(), out.data(), 3}}, 1, move.rows.data(), 2, 4};
  EXPECT_THAT([&] { GetParam()(args); }, ThrowsMessage<std::invalid_argument>(HasSubstr("out of range")));
  EXPECT_EQ(out, Bytes(6, kUntouched));
}

TEST_P(RowCopy, InPlaceNeedsAscendingIndices) {
  for (const std::vector<int64_t>& rows : {std::vector<int64_t>{1, 0}, {1, 1}}) {
    Move move = numbered_move({3, 3}, rows, 4);
    EXPECT_NO_THROW(run_move(GetParam(), move));
    move.in_place = {false, true};
    EXPECT_THAT([&] { run_move(GetParam(), move); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("ascend strictly")));
  }
}

TEST(RowCopyCpu, EqualsReferenceForOddSizesOrdersAndManyTensors) {
  std::mt19937_64 generator(5);
  const std::vector<int64_t> sizes{0, 1, 2, 3, 7, 8, 16, 31, 64, 100, 513, 4096, 26112};
  for (const int64_t source_rows : {1, 2, 17, 64}) {
    std::vector<int64_t> all(static_cast<size_t>(source_rows));
    std::iota(all.begin(), all.end(), 0);
    for (size_t count = 0; count <= all.size(); count += 1 + all.size() / 5) {
      std::shuffle(all.begin(), all.end(), generator);
      std::vector<int64_t> rows(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
      const Move any_order = numbered_move(sizes, rows, source_rows, 3);
      EXPECT_EQ(run_move(row_copy_cpu, any_order), run_move(row_copy_reference, any_order))
          << source_rows << " " << count;
      std::sort(rows.begin(), rows.end());
      Move move = numbered_move(sizes, rows, source_rows);
      const auto apart = run_move(row_copy_reference, move);
      for (size_t t = 0; t < sizes.size(); ++t) {
        move.in_place[t] = t % 3 != 0;  // tensors in place beside tensors apart
      }
      EXPECT_EQ(run_move(row_copy_cpu, move), apart) << source_rows << " " << count;
      EXPECT_EQ(run_move(row_copy_reference, move), apart) << source_rows << " " << count;
    }
  }
}

TEST(RowCopyCpu, TakesAllThirtyTwoTensors) {
  const std::vector<int64_t> sizes(kMaxRowCopyTensors, 12);
  const Move move = numbered_move(sizes, {3, 1}, 4);
  EXPECT_EQ(run_move(row_copy_cpu, move), run_move(row_copy_reference, move));
}

}  // namespace
}  // namespace diffbench::kernels
