#pragma once
// Moves of rows with known bytes, for the tests of every version of row_copy.
//
//   Move move = numbered_move({24, 7}, {2, 0}, 4);            // two tensors of 4 rows
//   const auto expected = run_move(row_copy_reference, move);             // every destination's bytes

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/row_copy/row_copy.h"

namespace diffbench::kernels {

using Bytes = std::vector<uint8_t>;

struct Move {
  std::vector<int64_t> row_bytes;
  std::vector<Bytes> sources;
  std::vector<int64_t> rows;
  int64_t source_rows;
  std::vector<bool> in_place;  // by tensor
  size_t offset = 0;           // bytes before the first row, to misalign addresses
};

constexpr uint8_t kUntouched = 0xEE;

inline Move numbered_move(std::vector<int64_t> row_bytes, std::vector<int64_t> rows, int64_t source_rows,
                          size_t offset = 0) {
  const std::vector<bool> in_place(row_bytes.size(), false);
  Move move{std::move(row_bytes), {}, std::move(rows), source_rows, in_place, offset};
  uint32_t state = 1;
  for (const int64_t bytes : move.row_bytes) {
    Bytes& source = move.sources.emplace_back(offset + static_cast<size_t>(source_rows * bytes));
    for (uint8_t& byte : source) {
      state = state * 1664525u + 1013904223u;
      byte = static_cast<uint8_t>(state >> 24);
    }
  }
  return move;
}

inline std::vector<Bytes> blank_destinations(const Move& move) {
  const auto rows = static_cast<int64_t>(move.rows.size());
  std::vector<Bytes> result;
  for (const int64_t bytes : move.row_bytes) {
    result.emplace_back(move.offset + static_cast<size_t>(rows * bytes), kUntouched);
  }
  return result;
}

inline RowCopyArgs arguments_of(const Move& move, const std::vector<uint8_t*>& sources,
                                const std::vector<uint8_t*>& destinations, const int64_t* rows) {
  RowCopyArgs args{
      {}, static_cast<int>(sources.size()), rows, static_cast<int64_t>(move.rows.size()), move.source_rows};
  for (size_t t = 0; t < sources.size(); ++t) {
    uint8_t* destination = move.in_place[t] ? sources[t] : destinations[t];
    args.tensors[t] = {sources[t] + move.offset, destination + move.offset, move.row_bytes[t]};
  }
  return args;
}

// what the call promises: of a tensor in place the first rows only
inline std::vector<Bytes> promised(const Move& move, const std::vector<Bytes>& sources, std::vector<Bytes> blank) {
  for (size_t t = 0; t < blank.size(); ++t) {
    if (move.in_place[t]) {
      blank[t].assign(sources[t].begin(), sources[t].begin() + static_cast<std::ptrdiff_t>(blank[t].size()));
      std::fill_n(blank[t].begin(), move.offset, kUntouched);
    }
  }
  return blank;
}

inline std::vector<Bytes> run_move(void (*kernel)(const RowCopyArgs&), Move move) {
  std::vector<Bytes> destinations = blank_destinations(move);
  std::vector<uint8_t*> source_pointers;
  std::vector<uint8_t*> destination_pointers;
  for (size_t t = 0; t < move.sources.size(); ++t) {
    source_pointers.push_back(move.sources[t].data());
    destination_pointers.push_back(destinations[t].data());
  }
  kernel(arguments_of(move, source_pointers, destination_pointers, move.rows.data()));
  return promised(move, move.sources, destinations);
}

}  // namespace diffbench::kernels
