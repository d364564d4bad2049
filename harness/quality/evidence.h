#pragma once
// What a quality metric may look at: rows of numbers, a block at a time, of the generated samples, of the reference,
// and of `full` on the same seeds.
//
//   Evidence method{.features = rows_of(features), .reference = &reference, .baseline = &full};
//   for (int64_t first = 0; first < method.features->count(); first += block)
//     use(method.features->rows(first, std::min(block, method.features->count() - first)));   // [b, D]
//
// Nothing here holds all rows in memory unless the source does already: 50,000 rows of 2,048 numbers are 400 MB.

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/quality/frechet.h"

namespace diffbench::quality {

class RowSource {
 public:
  RowSource() = default;
  RowSource(const RowSource&) = delete;  // shared by pointer
  virtual ~RowSource() = default;
  virtual int64_t count() const = 0;
  virtual at::Tensor rows(int64_t first, int64_t count) const = 0;      // [count, ...], on the CPU
  virtual at::Tensor at_places(std::span<const int64_t> places) const;  // [places, ...], in that order
};
using RowsPtr = std::shared_ptr<const RowSource>;

RowsPtr rows_of(at::Tensor rows);                                  // [N, ...]
RowsPtr chosen_rows(RowsPtr source, std::vector<int64_t> places);  // those of one class; ascending; not copied

// rows first .. as float64, `block` at a time
void for_each_block(const RowSource& rows, int64_t block,
                    const std::function<void(int64_t first, const at::Tensor& values)>& use);

// Maps a pair of image batches, float32 [n, C, H, W] in [-1, 1], to a distance each, [n]: LPIPS as TorchScript.
using PairNetwork = std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>;

struct Reference {
  std::shared_ptr<const FrechetReference> features{};
  std::shared_ptr<const FrechetReference> spatial{};  // null: no mu_s and sigma_s are known
  RowsPtr rows{};                                     // feature rows; null: only their statistics are known
  at::Tensor labels{};                                // [rows] int64; undefined: not known

  // what depends on the reference alone (radii, kernel sums) and every judged set needs: computed once
  at::Tensor remembered(const std::string& name, const std::function<at::Tensor()>& compute) const;

 private:
  mutable std::map<std::string, at::Tensor> memory_{};
};

struct Evidence {
  RowsPtr features{};                    // [D] each
  RowsPtr logits{};                      // [K] each, before the softmax
  RowsPtr spatial{};                     // [S] each
  RowsPtr images{};                      // u8 [C, H, W] each
  std::optional<Gaussian> statistics{};  // where there are no feature rows: a value without an interval
  const Reference* reference = nullptr;
  const Evidence* baseline = nullptr;  // the same seeds through every block; null: there is none
  PairNetwork lpips{};
};

}  // namespace diffbench::quality
