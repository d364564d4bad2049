// Baseline: exits drawn at random, with a given mean depth. A trained gate that does no better has learned nothing but
// how much to compute.
#include <cmath>
#include <map>
#include <random>

#include "methods/config/input_error.h"
#include "methods/exits/early_exit_denoiser.h"
#include "methods/method.h"

namespace diffbench::methods::random_exit {
namespace {

// Depths are uniform over a .. b with the wanted mean: from 1 up while the mean allows it, from the top down beyond the
// middle. Where the free end is not whole, it lies at one of its two neighbours, drawn in proportion.
class RandomDepths : public exits::ExitPolicy {
 public:
  RandomDepths(double mean_depth, int blocks, uint64_t seed) : mean_depth_(mean_depth), blocks_(blocks), seed_(seed) {}

  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override {
    for (const int64_t sample : samples) {
      evaluations_.erase(sample);
    }
  }

  void begin_evaluation(const Batch& batch) override {
    depths_.clear();
    for (const auto& member : batch.members) {
      depths_.push_back(draw(member.sample, evaluations_[member.sample]));
    }
    for (const auto& member : batch.members) {
      evaluations_[member.sample] += member.unconditional ? 0 : 1;  // both halves of a pair draw alike
    }
  }

  exits::RowMask decide(int block, const backbones::Hidden&, const exits::Rows& rows) override {
    std::vector<bool> leaves;
    for (const int64_t row : rows) {
      leaves.push_back(depths_[static_cast<size_t>(row)] <= block + 1);
    }
    return exits::RowMask::from(std::move(leaves));
  }

 private:
  // of the sample's number and how often it was evaluated alone, so the batch does not matter
  int draw(int64_t sample, int64_t evaluation) const {
    const auto number = static_cast<uint64_t>(sample);
    std::seed_seq words{seed_, seed_ >> 32, number, number >> 32, static_cast<uint64_t>(evaluation)};
    std::mt19937_64 random(words);
    const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
    const double middle = (1.0 + blocks_) / 2.0;
    const bool from_below = mean_depth_ <= middle;
    const double free_end = 2.0 * mean_depth_ - (from_below ? 1.0 : blocks_);
    const double end = std::floor(free_end) + (uniform() < free_end - std::floor(free_end) ? 1.0 : 0.0);
    const double low = from_below ? 1.0 : end;
    const double high = from_below ? end : blocks_;
    return static_cast<int>(low + std::floor(uniform() * (high - low + 1.0)));
  }

  double mean_depth_;
  int blocks_;
  uint64_t seed_;
  std::map<int64_t, int64_t> evaluations_;  // by sample: so far
  std::vector<int> depths_;                 // [rows of this evaluation]
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto mean_depth = params.at("mean_depth").get<double>();
  const int blocks = context.model->network.backbone->block_count();
  if (mean_depth > blocks) {
    throw config::InputError(context.where + ": mean_depth: is more than the " + std::to_string(blocks) +
                             " blocks of '" + context.model->name + "'");
  }
  return std::make_unique<exits::EarlyExitDenoiser>(
      context.model->network.backbone,
      std::make_unique<RandomDepths>(mean_depth, blocks, params.at("seed").get<uint64_t>()),
      exits::compaction_of(params.at("compaction")));
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "random_exit",
          .summary = "every row leaves at a depth drawn at random, with a given mean",
          .source = "baseline: what a gate must beat at the same mean depth",
          .needs = "nothing; the head was trained for the last block, so quality falls fast",
          .knob = "mean_depth",
          .params = {{.name = "mean_depth",
                      .type = ParamType::kNumber,
                      .default_value = nullptr,
                      .description = "mean number of blocks to run",
                      .minimum = 1.0},
                     {.name = "seed",
                      .type = ParamType::kInteger,
                      .default_value = 0,
                      .description = "of the depths",
                      .minimum = 0},
                     exits::compaction_param()},
          .make = make,
          .never_skip =
              [](nlohmann::json params, const Model& model) {
                params["mean_depth"] = model.network.backbone->block_count();
                return std::optional(std::move(params));
              },
          .skipping =
              [](nlohmann::json params, const Model& model) {
                params["mean_depth"] = (model.network.backbone->block_count() + 1) / 2.0;
                return params;
              },
          .decides = [](const nlohmann::json&) { return Decides::kRow; }};
}

}  // namespace diffbench::methods::random_exit
