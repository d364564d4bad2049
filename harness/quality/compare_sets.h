#pragma once
// What `diffbench fid A B` computes: the metrics asked for of a generated set and a reference.
//
//   Comparison result = compare_sets("samples.npz", "train.npz", {.extractor = "fashion_mnist", .metrics = {"fid"}});
//   std::cout << to_json(result) << "\n";      // {"fid": {"value": 3.1, "n": [10000, 60000]}}
//
// A side that holds only images goes through the extractor, a block of a folder's files at a time; stored features and
// statistics are used as they are. Metrics that compare with `full` take B as that, sample by sample. InputError: a
// metric these inputs do not allow, and why.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/quality/kid.h"
#include "harness/quality/metrics.h"

namespace diffbench::quality {

struct CompareOptions {
  std::string extractor{};     // zoo name or TorchScript file; empty: no side needs one
  std::string mode = "plain";  // what the extractor is given: a name of input_mode.h
  std::vector<std::string> metrics = {"fid"};
  std::string lpips{};    // TorchScript file, where `lpips` is among the metrics
  KidOptions kid{};       // 0 subsets: the estimator of every row, as in a run
  bool interval = false;  // as `run` makes it; A must hold images or features
};

struct ComparedValue {
  std::string metric{};
  double value = 0.0;
  std::optional<double> spread{};    // std over the subsets of KID, over the parts of the inception score
  std::optional<int64_t> count_a{};  // empty where only statistics are known
  std::optional<int64_t> count_b{};
  std::optional<QualityEstimate> estimate{};  // with --interval
};

struct Comparison {
  std::vector<ComparedValue> values{};  // in the order asked for
  std::string extractor_hash{};         // empty: none was used

  const ComparedValue* find(std::string_view metric) const;  // nullptr: not asked for
};

Comparison compare_sets(const std::filesystem::path& a, const std::filesystem::path& b, const CompareOptions& options);

// one key per metric computed; the inception score's is `is`
nlohmann::json to_json(const Comparison& comparison);

}  // namespace diffbench::quality
