// diffbench fid A B: distances between two sets of images, features or stored statistics.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

#include "harness/commands/commands.h"
#include "harness/quality/compare_sets.h"
#include "harness/quality/kid.h"

namespace diffbench::commands {
namespace {

struct FidOptions {
  std::string a;
  std::string b;
  bool json = false;
  quality::CompareOptions compare;
};

std::string count_text(const std::optional<int64_t>& count) { return count ? std::to_string(*count) : "unknown"; }

void print_interval(const quality::QualityEstimate& estimate) {
  if (const auto& interval = estimate.interval) {
    fmt::print("{:>32}{:g} % interval {:.6g} .. {:.6g}, standard error {:.3g}, bias by finite N {:.3g}\n", "",
               100 * estimate.confidence, interval->low, interval->high, interval->standard_error, interval->bias);
  }
  fmt::print("{:>32}{}\n", "", estimate.interval ? estimate.rule : "interval: " + estimate.rule);
}

std::string remark(const quality::ComparedValue& value, const quality::CompareOptions& options) {
  auto text = fmt::format("n of A {}, of B {}", count_text(value.count_a), count_text(value.count_b));
  const bool is_kid = value.metric == "kid";
  if (is_kid && options.kid.subsets == 0) text += ", full unbiased estimator";
  if (value.spread) {
    text += fmt::format(", std {:.3g} over {}", *value.spread,
                        is_kid ? fmt::format("{} subsets", options.kid.subsets) : "10 parts of A");
  }
  return text;
}

void print_table(const quality::Comparison& result, const quality::CompareOptions& options) {
  fmt::print("{:<16} {:>12}\n", "metric", "value");
  for (const auto& value : result.values) {
    fmt::print("{:<16} {:>12.6g}  {}\n", value.metric, value.value, remark(value, options));
    if (value.estimate) print_interval(*value.estimate);
  }
  if (!result.extractor_hash.empty()) {
    fmt::print("extractor sha256 {}, mode {}\n", result.extractor_hash, options.mode);
  }
}

}  // namespace

void add_fid(Command program, int& exit_code) {
  auto options = std::make_shared<FidOptions>();
  const Command command = program.add_subcommand("fid", "distances between image sets, features or stored statistics");
  command
      .add_option("A", options->a,
                  "generated set: folder of PNG, JPEG or WebP, .npz (arr_0 of images, u8 [N, H, W, C]; mu and sigma; "
                  "features [N, "
                  "D]; logits [N, K]: any of "
                  "them) or .safetensors (samples in [-1, 1], [N, C, H, W]; features; logits)")
      .required();
  command.add_option("B", options->b, "reference set, of the same kinds").required();
  command.add_option("--extractor", options->compare.extractor,
                     "zoo name or TorchScript file; only where a side holds images");
  command
      .add_option("--mode", options->compare.mode,
                  "what the extractor is given, as the tool of that name does it (diffbench list modes); NAME+bf16: "
                  "the network computes in bfloat16")
      .capture_default_str();
  command
      .add_option("--metrics", options->compare.metrics,
                  "comma-separated: " + fmt::format("{}", fmt::join(quality::metric_names(), ",")))
      .delimiter(',')
      .default_str("fid");
  command.add_option("--lpips", options->compare.lpips,
                     "TorchScript LPIPS network, for lpips: image i of A with image i of B");
  command.add_option("--kid-subsets", options->compare.kid.subsets, "subsets of KID; 0: the full unbiased estimator")
      .at_least(0)
      .capture_default_str();
  command.add_option("--seed", options->compare.kid.seed, "draws the subsets of KID").capture_default_str();
  command.add_flag(
      "--interval", options->compare.interval,
      "95 % interval of each value at this number of samples (jackknife over 20 groups of A); not of KID over subsets");
  command.add_flag("--json", options->json, "print one JSON document");
  command.footer(
      "Example: diffbench fid samples.npz methods/zoo/fashion_mnist/reference.npz --extractor fashion_mnist\n"
      "         diffbench fid generated/ real/ --extractor inception-2015-12-05.pt --mode clean_fid --json");
  command.callback([options, &exit_code] {
    const auto result = quality::compare_sets(options->a, options->b, options->compare);
    if (options->json) {
      std::cout << quality::to_json(result).dump() << "\n";
    } else {
      print_table(result, options->compare);
    }
    exit_code = 0;
  });
}

}  // namespace diffbench::commands
