#include "harness/quality/inception_score.h"

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "harness/quality/feature_statistics.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {

InceptionScore inception_score(const at::Tensor& logits, int64_t parts) {
  const auto checked = checked_rows(logits, "logits");
  const int64_t rows = checked.size(0);
  if (rows < parts) {
    throw config::InputError("is: needs at least " + std::to_string(parts) + " rows, one for each part, got " +
                             std::to_string(rows));
  }
  const auto log_p = at::log_softmax(checked, 1);
  std::vector<double> scores;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = part * rows / parts;
    const auto log_conditional = log_p.slice(0, first, (part + 1) * rows / parts);
    // log of the mean probability, which stays finite where every probability is tiny
    const auto log_marginal =
        at::logsumexp(log_conditional, 0) - std::log(static_cast<double>(log_conditional.size(0)));
    const auto divergence = (log_conditional.exp() * (log_conditional - log_marginal)).sum(1);
    scores.push_back(divergence.mean().exp().item<double>());
  }
  const auto all = at::tensor(scores, at::kDouble);
  return {.value = all.mean().item<double>(), .std = all.std(0, /*unbiased=*/false).item<double>()};
}

}  // namespace diffbench::quality
