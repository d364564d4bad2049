#include "methods/training/depth_search.h"

#include <chrono>

#include "methods/config/input_error.h"
#include "methods/data/file_io.h"
#include "methods/static_schedule/greedy_depths.h"
#include "methods/training/autocast.h"
#include "methods/training/denoising.h"

namespace diffbench::training {
namespace {

namespace fs = std::filesystem;

// sums of |eps_theta - eps|^2 per bin of t and depth; depths count from the least that the network can bypass from
class DepthLosses {
 public:
  DepthLosses(backbones::Backbone& backbone, size_t bins, double times)
      : backbone_(backbone),
        first_depth_(std::min(backbone.min_bypass_depth(), backbone.block_count())),
        times_per_bin_(times / static_cast<double>(bins)),
        sums_(bins, std::vector<double>(static_cast<size_t>(backbone.block_count() - first_depth_) + 1)),
        counts_(bins) {}

  // mean loss of the batch with all blocks
  double add(const NoisyBatch& batch) {
    auto hidden = backbone_.embed(batch.x, batch.t, batch.labels);
    double full = 0.0;
    for (int block = 0; block < backbone_.block_count(); ++block) {
      backbone_.run_block(block, hidden);
      if (block + 1 >= first_depth_) {
        full = add_exit(static_cast<size_t>(block + 1 - first_depth_), hidden, batch);
      }
    }
    for (const double t : batch.t) {
      ++counts_[bin_of(t)];
    }
    return full;
  }

  int first_depth() const { return first_depth_; }

  std::vector<std::vector<double>> means(const Recipe& recipe) const {
    auto means = sums_;
    for (size_t bin = 0; bin < means.size(); ++bin) {
      if (counts_[bin] == 0) {
        throw config::InputError(recipe.file.string() +
                                 ": [optimizer] steps: too few for [depth_search] bins: no time " + "drawn in bin " +
                                 std::to_string(bin + 1));
      }
      for (double& loss : means[bin]) {
        loss /= static_cast<double>(counts_[bin]);
      }
    }
    return means;
  }

  // of one evaluation that runs first_depth + k blocks and what remains of the others
  std::vector<double> flops() const {
    std::vector<double> result;
    for (int depth = first_depth_; depth <= backbone_.block_count(); ++depth) {
      double sum = backbone_.embed_cost().flops + backbone_.head_cost().flops;
      for (int block = 0; block < backbone_.block_count(); ++block) {
        sum += block < depth ? backbone_.cost(block).flops : backbone_.bypass_cost(block).flops;
      }
      result.push_back(sum);
    }
    return result;
  }

 private:
  size_t bin_of(double t) const { return std::min(static_cast<size_t>(t / times_per_bin_), sums_.size() - 1); }

  double add_exit(size_t depth, backbones::Hidden hidden, const NoisyBatch& batch) {
    for (int block = first_depth_ + static_cast<int>(depth); block < backbone_.block_count(); ++block) {
      backbone_.bypass_block(block, hidden);
    }
    const auto output = backbone_.head(hidden).to(at::kFloat).narrow(1, 0, batch.target.size(1));
    const auto losses = (output - batch.target).square().flatten(1).mean(1).to(at::kCPU, at::kDouble).contiguous();
    for (size_t row = 0; row < batch.t.size(); ++row) {
      sums_[bin_of(batch.t[row])][depth] += losses.const_data_ptr<double>()[row];
    }
    return losses.mean().item<double>();
  }

  backbones::Backbone& backbone_;
  int first_depth_;
  double times_per_bin_;
  std::vector<std::vector<double>> sums_;
  std::vector<int64_t> counts_;
};

std::string depths_text(const std::vector<int64_t>& depths) {
  std::string text;
  for (const int64_t depth : depths) {
    text += (text.empty() ? "" : ", ") + std::to_string(depth);
  }
  return "[" + text + "]";
}

std::string table_text(const std::vector<std::vector<double>>& losses, int first_depth) {
  std::string text = "bin,depth,loss\n";
  for (size_t bin = 0; bin < losses.size(); ++bin) {
    for (size_t k = 0; k < losses[bin].size(); ++k) {
      text += std::to_string(bin) + "," + std::to_string(first_depth + static_cast<int>(k)) + "," +
              std::to_string(losses[bin][k]) + "\n";
    }
  }
  return text;
}

void write_text(const fs::path& file, const std::string& text) {
  data::write_file(file, std::as_bytes(std::span(text)));
}

}  // namespace

std::string search_depths(const Recipe& recipe, const std::function<void(const Progress&)>& report) {
  const auto options = recipe.toml.table_or_empty("depth_search");
  options.allow_only({"bins", "budget"});
  const auto bins = options.get_or<int64_t>("bins", 10);
  const auto budget = options.get<double>("budget");
  if (bins < 1) {
    options.fail("bins", "must be 1 or more");
  }
  if (!(budget > 0.0 && budget <= 1.0)) {
    options.fail("budget", "must be above 0 and at most 1, a share of the FLOPs of all blocks");
  }
  if (recipe.start_model.empty()) {
    throw config::InputError(recipe.file.string() +
                             ": [denoiser] start_model: the trained network to search is missing");
  }
  if (!recipe.exit_depths.empty() || !recipe.time_weights.empty()) {
    throw config::InputError(recipe.file.string() +
                             ": [denoiser] exit_depths, time_weights: only task denoiser has them");
  }
  Denoising denoising(recipe);
  recipe.toml.reject_unknown_keys();

  const c10::InferenceMode inference;
  const Autocast autocast(denoising.compute().device.type(), recipe.precision == "bf16");
  DepthLosses losses(denoising.backbone(), static_cast<size_t>(bins), denoising.schedule().span());
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t step = 0; step < recipe.steps; ++step) {
    const double loss = losses.add(denoising.batch(step));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if ((step + 1) % recipe.log_every_steps == 0 || step + 1 == recipe.steps) {
      const auto done = static_cast<double>(step + 1);
      report({.step = step + 1,
              .steps = recipe.steps,
              .loss = loss,
              .images_per_s = done * static_cast<double>(recipe.batch) / seconds,
              .seconds_left = seconds / done * static_cast<double>(recipe.steps - step - 1)});
    }
  }

  const auto means = losses.means(recipe);
  const auto found = methods::static_schedule::greedy_depths(means, losses.flops(), losses.first_depth(), budget);
  fs::create_directories(recipe.output);
  write_text(recipe.output / "depth_losses.csv", table_text(means, losses.first_depth()));
  write_text(recipe.output / "depths.toml",
             "# Written by `diffbench train`: S(t) in equal bins of t, from data to noise\ndepths = " +
                 depths_text(found.depths) + "\nflops_share = " + std::to_string(found.flops_share) +
                 "\nloss = " + std::to_string(found.loss) + "\nfull_loss = " + std::to_string(found.full_loss) + "\n");
  return "depths = " + depths_text(found.depths) + ": " + std::to_string(found.flops_share) + " of the FLOPs, loss " +
         std::to_string(found.loss) + " where all blocks have " + std::to_string(found.full_loss) + "; wrote " +
         (recipe.output / "depths.toml").string();
}

}  // namespace diffbench::training
