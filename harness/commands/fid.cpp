// diffbench fid A B: distances between two sets of images, features or stored statistics.

#include <fmt/core.h>

#include <iostream>
#include <memory>

#include "harness/commands/at_least.h"
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

void print_row(const std::string& name, double value, const std::string& remark) {
  fmt::print("{:<16} {:>12.6g}  {}\n", name, value, remark);
}

std::string count_text(const std::optional<int64_t>& count) { return count ? std::to_string(*count) : "unknown"; }

void print_interval(const quality::FidEstimate& estimate) {
  if (const auto& interval = estimate.interval) {
    fmt::print("{:>25}{:g} % interval {:.6g} .. {:.6g}, standard error {:.3g}, bias by finite N {:.3g}\n", "",
               100 * estimate.confidence, interval->low, interval->high, interval->standard_error, interval->bias);
  }
  fmt::print("{:>25}{}\n", "", estimate.interval ? estimate.rule : "interval: " + estimate.rule);
}

void print_table(const quality::Comparison& result, const quality::CompareOptions& options) {
  fmt::print("{:<16} {:>12}  {}\n", "metric", "value", "");
  if (const auto& fid = result.fid) {
    print_row("fid", fid->value, fmt::format("n of A {}, of B {}", count_text(fid->count_a), count_text(fid->count_b)));
    if (const auto& estimate = fid->estimate) {
      print_interval(*estimate);
    }
  }
  if (const auto& kid = result.kid) {
    print_row("kid", kid->value,
              options.kid.subsets == 0 ? "full unbiased estimator"
                                       : fmt::format("std {:.3g} over {} subsets", kid->std, options.kid.subsets));
  }
  if (const auto& inception = result.inception) {
    print_row("inception_score", inception->value, fmt::format("std {:.3g} over 10 parts of A", inception->std));
  }
  if (const auto& prc = result.precision_recall) {
    print_row("precision", prc->precision, "k = 3");
    print_row("recall", prc->recall, "k = 3");
  }
  if (!result.extractor_hash.empty()) {
    fmt::print("extractor sha256 {}, mode {}\n", result.extractor_hash, options.mode);
  }
}

}  // namespace

void add_fid(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<FidOptions>();
  auto* command = app.add_subcommand("fid", "distances between image sets, features or stored statistics");
  command
      ->add_option("A", options->a,
                   "generated set: folder of PNG, JPEG or WebP, .npz (arr_0 of images, u8 [N, H, W, C]; mu and sigma; "
                   "features [N, "
                   "D]; logits [N, K]: any of "
                   "them) or .safetensors (samples in [-1, 1], [N, C, H, W]; features; logits)")
      ->required();
  command->add_option("B", options->b, "reference set, of the same kinds")->required();
  command->add_option("--extractor", options->compare.extractor,
                      "zoo name or TorchScript file; only where a side holds images");
  command
      ->add_option("--mode", options->compare.mode,
                   "what the extractor is given, as the tool of that name does it (diffbench list modes)")
      ->capture_default_str();
  command
      ->add_option("--metrics", options->compare.metrics,
                   "comma-separated: fid,kid,inception_score,precision,recall (short: is,prc)")
      ->delimiter(',')
      ->default_str("fid");
  command->add_option("--kid-subsets", options->compare.kid.subsets, "subsets of KID; 0: the full unbiased estimator")
      ->check(at_least(0))
      ->capture_default_str();
  command->add_option("--seed", options->compare.kid.seed, "draws the subsets of KID")->capture_default_str();
  command->add_flag("--interval", options->compare.interval,
                    "95 % interval of the FID at this number of samples (jackknife over 20 groups of A)");
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer(
      "Example: diffbench fid samples.npz methods/zoo/fashion_mnist/reference.npz --extractor fashion_mnist\n"
      "         diffbench fid generated/ real/ --extractor inception-2015-12-05.pt --mode clean_fid --json");
  command->callback([options, &exit_code] {
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
