#pragma once
// Squared distances between feature rows, a block of rows against a block of rows, and each row's nearest others.
//
//   const Nearest nearest = nearest_others(rows, centre, 24);    // [N, 24] squared distances, ascending, and whose
//
// Rows are shifted by `centre` first: distances do not change, but lose fewer digits near the origin.

#include <functional>

#include "harness/quality/evidence.h"

namespace diffbench::quality {

struct Nearest {
  at::Tensor squared_distances;  // [N, m] ascending
  at::Tensor places;             // [N, m] int64: rows of the same set
};

Nearest nearest_others(const RowSource& rows, const at::Tensor& centre, int64_t wanted);

// distances [a, b] of rows first_a .. of one source to rows first_b .. of the other
using UseDistances = std::function<void(int64_t first_a, int64_t first_b, const at::Tensor& squared_distances)>;
void for_each_distance(const RowSource& a, const RowSource& b, const at::Tensor& centre, const UseDistances& use);

}  // namespace diffbench::quality
