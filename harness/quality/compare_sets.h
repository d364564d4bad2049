#pragma once
// What `diffbench fid A B` computes: the distances asked for between a generated set and a reference.
//
//   Comparison result = compare_sets("samples.npz", "train.npz", {.extractor = "fashion_mnist", .metrics = {"fid"}});
//   std::cout << to_json(result) << "\n";      // {"fid": {"value": 3.1, "n": [10000, 60000]}}
//
// A side that holds only images goes through the extractor; stored features and statistics are used as they are.
// InputError: a metric these inputs do not allow, and why.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/quality/fid_interval.h"
#include "harness/quality/inception_score.h"
#include "harness/quality/kid.h"
#include "harness/quality/precision_recall.h"

namespace diffbench::quality {

struct CompareOptions {
  std::string extractor{};     // zoo name or TorchScript file; empty: no side needs one
  std::string mode = "plain";  // what the extractor is given: a name of input_mode.h
  std::vector<std::string> metrics = {"fid"};
  KidOptions kid{};
  bool interval = false;  // of the FID, as `run` makes it; A must hold images or features
};

struct Fid {
  double value = 0.0;
  std::optional<int64_t> count_a;  // empty where only statistics are known
  std::optional<int64_t> count_b;
  std::optional<FidEstimate> estimate{};  // with --interval
};

struct Comparison {
  std::optional<Fid> fid;
  std::optional<Kid> kid;
  std::optional<InceptionScore> inception;
  std::optional<PrecisionRecall> precision_recall;
  std::optional<int64_t> rows_a;  // features or logits that all but the FID were computed from
  std::optional<int64_t> rows_b;
  std::string extractor_hash;  // empty: none was used
};

// as `diffbench list metrics` has them, and the short names `is` and `prc` (precision and recall)
const std::vector<std::string>& metric_names();

Comparison compare_sets(const std::filesystem::path& a, const std::filesystem::path& b, const CompareOptions& options);

// one key per metric computed
nlohmann::json to_json(const Comparison& comparison);

}  // namespace diffbench::quality
