#pragma once
// What a denoiser is asked about: rows of noisy images with their times and labels, and which sample each row belongs
// to.
//
//   const Batch batch{x, t, labels, members_of({7, 8, 9})};
//   const Batch two = batch.select({2, 0});                  // samples 9 and 7
//
// Whoever keeps something from evaluation to evaluation keeps it by member (row_memory.h): rows may join, leave and
// change places between evaluations.

#include <ATen/core/Tensor.h>

#include <compare>
#include <cstdint>
#include <vector>

namespace diffbench {

// the sample in a row; every row of a batch has another
struct Member {
  int64_t sample = 0;          // its number
  bool unconditional = false;  // the half of a guided pair that runs with the null label

  auto operator<=>(const Member&) const = default;
};

std::vector<Member> members_of(const std::vector<int64_t>& samples);
// samples 0 .. rows - 1, where nobody counts them
std::vector<Member> numbered_members(int64_t rows);

// what samples are asked to show: labels, or a text's features; a tensor alone is labels
struct Prompt {
  Prompt() = default;
  Prompt(at::Tensor given) : labels(std::move(given)) {}  // NOLINT(google-explicit-constructor)

  at::Tensor labels;     // [B] int64 or undefined
  at::Tensor context{};  // [B, tokens, width] or undefined
};

struct Batch {
  at::Tensor x;                 // [B,C,H,W]
  std::vector<double> t;        // [B]
  at::Tensor labels;            // [B] int64 or undefined
  std::vector<Member> members;  // [B]
  at::Tensor context{};         // [B, tokens, width] of a text-to-image network, or undefined

  Batch select(const std::vector<int64_t>& rows) const;
};

// rows as an index tensor; copies from the host, so not for the steady state
at::Tensor row_index(const std::vector<int64_t>& rows, at::Device device);

}  // namespace diffbench
