#pragma once
// Reuse while what the first blocks do changes little against the last evaluation that ran whole: the rule of
// first_block_cache and db_cache.
//
//   auto rule = std::make_unique<ResidualRule>(ResidualRule::Options{.threshold = 0.08, .warmup = 8});

#include <map>

#include "methods/caches/stretch_cache.h"

namespace diffbench::caches {

class ResidualRule : public ReuseRule {
 public:
  struct Options {
    double threshold = 0.1;       // reuses while the relative change is below it; 0: never
    int64_t warmup = 0;           // places from the noise on that all run whole
    int64_t max_reuses = 0;       // of a trajectory; 0: no limit
    int64_t max_in_a_row = 0;     // 0: no limit
    bool by_row = true;           // or the batch by its mean
    std::vector<bool> compute{};  // places that run whole whatever has changed; the others are asked. Empty: none
    bool reuses_unasked = false;  // places that `compute` leaves reuse whatever has changed
  };

  explicit ResidualRule(Options options) : options_(std::move(options)) {}

  std::vector<bool> wants_reuse(const Seen& seen) override;
  void decided(const Seen& seen, const std::vector<bool>& reused) override;
  void forget(const std::vector<int64_t>& samples) override;

 private:
  struct Count {
    int64_t in_all = 0;
    int64_t in_a_row = 0;
  };

  Options options_;
  RowMemory changes_;  // what the first blocks did where a row last ran whole, [rows, L, D]
  std::map<Member, Count> reuses_;
};

}  // namespace diffbench::caches
