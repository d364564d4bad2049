#include "harness/quality/inception_score.h"

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kParts = 10;

// sums by group over the rows of one part
struct PartSums {
  at::Tensor rows;         // [G]
  at::Tensor probability;  // [G, K]
  at::Tensor negentropy;   // [G] of sum p log p
};

std::vector<PartSums> part_sums(const RowSource& logits) {
  const int64_t count = logits.count();
  if (count < kParts) {
    throw config::InputError("is: needs at least " + std::to_string(kParts) + " rows, one for each part, got " +
                             std::to_string(count));
  }
  std::vector<PartSums> sums;
  for (int64_t part = 0; part < kParts; ++part) {
    const int64_t first = part * count / kParts;
    const int64_t end = (part + 1) * count / kParts;
    PartSums one;
    constexpr int64_t kRowsPerBlock = 4096;
    for (int64_t at = first; at < end; at += kRowsPerBlock) {
      const int64_t rows = std::min(kRowsPerBlock, end - at);
      const auto log_p = at::log_softmax(logits.rows(at, rows).to(at::kDouble), 1);
      const auto p = log_p.exp();
      const auto groups = group_matrix(at, rows).t();
      const PartSums block{groups.sum(1), groups.mm(p), groups.mv((p * log_p).sum(1))};
      one = one.rows.defined() ? PartSums{one.rows + block.rows, one.probability + block.probability,
                                          one.negentropy + block.negentropy}
                               : block;
    }
    sums.push_back(std::move(one));
  }
  return sums;
}

double score_of(const PartSums& sums, int64_t left_out) {
  auto rows = sums.rows.sum();
  auto probability = sums.probability.sum(0);
  auto negentropy = sums.negentropy.sum();
  if (left_out >= 0) {
    rows = rows - sums.rows[left_out];
    probability = probability - sums.probability[left_out];
    negentropy = negentropy - sums.negentropy[left_out];
  }
  const auto marginal = (probability / rows).clamp_min(0.0);  // what is left of nothing may round below it
  return ((negentropy / rows) - at::xlogy(marginal, marginal).sum()).exp().item<double>();
}

}  // namespace

Computed inception_score(const Evidence& evidence) {
  const auto sums = part_sums(*evidence.logits);
  auto replicates = replicates_of(evidence.logits->count(), [&](int64_t group) {
    double sum = 0;
    for (const auto& part : sums) sum += score_of(part, group);
    return sum / static_cast<double>(kParts);
  });
  return {.parts = {std::move(replicates)}};
}

double inception_spread(const RowSource& logits) {
  std::vector<double> scores;
  for (const auto& part : part_sums(logits)) scores.push_back(score_of(part, -1));
  return at::tensor(scores, at::kDouble).std(0, /*unbiased=*/false).item<double>();
}

}  // namespace diffbench::quality
