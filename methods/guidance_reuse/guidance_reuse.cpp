// Under guidance the null half of a sample runs at every n-th time; between them it is the labelled half plus the
// difference that it last had, reweighted by frequency.
#include <ATen/ATen.h>

#include <map>

#include "methods/caches/timetable.h"
#include "methods/config/input_error.h"
#include "methods/method.h"
#include "methods/registry.h"
#include "methods/sampling/row_groups.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::methods::guidance_reuse {
namespace {

// weight while from_t < t < to_t; 1 elsewhere
struct Weight {
  double value = 1.0;
  double from_t = 0.0;
  double to_t = 0.0;

  double at(double t) const { return from_t < t && t < to_t ? value : 1.0; }
};

struct Options {
  int64_t interval = 5;
  double below_t = 641.0;
  Weight low;
  Weight high;
};

// [rows, C, H, W] below and above a fifth of the shorter side's frequencies
std::pair<at::Tensor, at::Tensor> split_frequencies(const at::Tensor& difference) {
  const int64_t height = difference.size(2);
  const int64_t width = difference.size(3);
  const int64_t radius = std::min(height, width) / 5;
  const auto own = difference.to(at::kFloat);
  const auto options = own.options().dtype(at::kLong);
  const auto distance = [&](int64_t size) { return (at::arange(size, options) - size / 2).square(); };
  const auto near = (distance(height).unsqueeze(1) + distance(width).unsqueeze(0)) <= radius * radius;
  const std::vector<int64_t> sides{2, 3};
  const auto spectrum = at::fft_fftshift(at::fft_fft2(own), sides);
  const auto low = at::real(at::fft_ifft2(at::fft_ifftshift(spectrum * near, sides)));
  return {low.to(difference.scalar_type()), difference - low.to(difference.scalar_type())};
}

// by sample
std::map<int64_t, int64_t> labelled_rows(const Batch& batch) {
  std::map<int64_t, int64_t> rows;
  for (size_t row = 0; row < batch.members.size(); ++row) {
    if (!batch.members[row].unconditional) rows[batch.members[row].sample] = static_cast<int64_t>(row);
  }
  return rows;
}

class GuidanceReuse : public Denoiser {
 public:
  GuidanceReuse(std::unique_ptr<Denoiser> inner, const Options& options, int64_t channels)
      : inner_(std::move(inner)), options_(options), channels_(channels) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    times_.prepare(request.times);
    return inner_->prepare(request, given);
  }
  void begin(const std::vector<int64_t>& samples) override {
    memory_.forget(samples);
    inner_->begin(samples);
  }
  void end(const std::vector<int64_t>& samples) override {
    memory_.forget(samples);
    inner_->end(samples);
  }
  void couple_halves(bool coupled) override {
    coupled_halves_ = coupled;
    inner_->couple_halves(coupled);
  }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    times_.meet(batch.t);
    const auto labelled = labelled_rows(batch);
    std::vector<int64_t> reusing;   // null rows
    std::vector<int64_t> partners;  // theirs, in the same order
    std::vector<int64_t> whole;     // rows of all others, in the order of the batch
    std::vector<bool> apart(batch.members.size(), false);
    for (size_t row = 0; row < batch.members.size(); ++row) {
      const auto partner = labelled.find(batch.members[row].sample);
      if (partner == labelled.end() || !reuses(batch.members[row], batch.t[row])) continue;
      reusing.push_back(static_cast<int64_t>(row));
      partners.push_back(partner->second);
      apart[row] = apart[static_cast<size_t>(partner->second)] = true;
    }
    for (size_t row = 0; row < apart.size(); ++row) {
      if (!apart[row]) whole.push_back(static_cast<int64_t>(row));
    }
    if (reusing.empty()) {
      auto eps = inner_->predict(batch, trace);
      remember(batch, eps);
      return eps;
    }
    const auto alone = batch.select(partners);
    inner_->couple_halves(false);  // labelled halves without their others
    const auto labelled_eps = inner_->predict(alone, trace);
    inner_->couple_halves(coupled_halves_);
    auto eps = at::empty({batch.x.size(0), labelled_eps.size(1), labelled_eps.size(2), labelled_eps.size(3)},
                         labelled_eps.options());
    eps.index_copy_(0, row_index(partners, eps.device()), labelled_eps);
    eps.index_copy_(0, row_index(reusing, eps.device()), estimate(batch, reusing, labelled_eps, trace));
    if (!whole.empty()) {
      const auto own = batch.select(whole);
      const auto own_eps = inner_->predict(own, trace);
      remember(own, own_eps);
      eps.index_copy_(0, row_index(whole, eps.device()), own_eps);
    }
    trace.t = batch.t.front();
    return eps;
  }

 private:
  bool reuses(const Member& member, double t) const {
    return member.unconditional && memory_.knows(member) && t < options_.below_t &&
           times_.place(t) % options_.interval != 0;
  }

  at::Tensor estimate(const Batch& batch, const std::vector<int64_t>& reusing, const at::Tensor& labelled,
                      EvaluationTrace& trace) {
    const auto rows = static_cast<int64_t>(reusing.size());
    const auto own = batch.select(reusing);
    std::vector<double> low_weights;
    std::vector<double> high_weights;
    for (const double t : own.t) {
      low_weights.push_back(options_.low.at(t));
      high_weights.push_back(options_.high.at(t));
    }
    const auto by_row = [&](const std::vector<double>& weights) {
      return at::tensor(weights, at::kDouble).to(labelled.options()).view({-1, 1, 1, 1});
    };
    // the weights add up from evaluation to evaluation, as in the public code
    const auto kept = memory_.recall(own.members);
    std::vector<at::Tensor> weighted{kept[0] * by_row(low_weights), kept[1] * by_row(high_weights)};
    auto eps = labelled.clone();
    eps.narrow(1, 0, channels_).add_(weighted[0]).add_(weighted[1]);
    memory_.keep(own.members, std::move(weighted));
    trace.rows += rows;
    trace.exit_count.resize(std::max<size_t>(trace.exit_count.size(), 1));
    trace.exit_count[0] += rows;
    return eps;
  }

  // of pairs the null half's eps minus the labelled one's, in two parts
  void remember(const Batch& batch, const at::Tensor& eps) {
    if (options_.interval == 1) return;
    const auto labelled = labelled_rows(batch);
    std::vector<int64_t> nulls;
    std::vector<int64_t> partners;
    std::vector<Member> members;
    for (size_t row = 0; row < batch.members.size(); ++row) {
      const auto& member = batch.members[row];
      if (!member.unconditional || !labelled.contains(member.sample)) continue;
      nulls.push_back(static_cast<int64_t>(row));
      partners.push_back(labelled.at(member.sample));
      members.push_back(member);
    }
    if (members.empty()) return;
    const auto own = eps.narrow(1, 0, channels_);
    const auto [low, high] = split_frequencies(own.index_select(0, row_index(nulls, eps.device())) -
                                               own.index_select(0, row_index(partners, eps.device())));
    memory_.keep(members, {low, high});
  }

  std::unique_ptr<Denoiser> inner_;
  Options options_;
  int64_t channels_;
  caches::Timetable times_;
  bool coupled_halves_ = false;
  RowMemory memory_;  // by the null half: low and high frequencies of the difference, [rows, C, H, W]
};

nlohmann::json inner_params(const nlohmann::json& params, const std::string& where) {
  return resolve_method_params(params.at("method"), params.at("params"), where + ": params");
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  check_inner_method("guidance_reuse", params.at("method"), context.where + ": method");
  MethodContext own = context;
  own.where = context.where + ": method";
  own.conditions = context.conditions + ", inside guidance_reuse";
  // not make_method: what the network predicts becomes eps once, around all of it
  return std::make_unique<GuidanceReuse>(
      find_method(params.at("method"), own.where).make(inner_params(params, context.where), own),
      Options{.interval = params.at("interval"),
              .below_t = params.at("below_t"),
              // FasterCache, eq. 11, as diffusers has it: low frequencies in the middle, high ones towards the end
              .low = {.value = params.at("low_weight"), .from_t = 99.0, .to_t = 901.0},
              .high = {.value = params.at("high_weight"), .from_t = -1.0, .to_t = 301.0}},
      context.model->network.channels);
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "guidance_reuse",
          .summary = "under guidance the null half runs at every n-th time; between them it follows the labelled half",
          .source = "CFG-Cache of FasterCache: Lv et al., ICLR 2025, arXiv 2410.19355; defaults of its diffusers hook",
          .needs = "guidance; without it nothing is reused",
          .inner_methods = {"method"},
          .knob = "interval",
          .params = {{.name = "interval",
                      .type = ParamType::kInteger,
                      .default_value = 5,
                      .description = "times from one null half that runs to the next; 1: all of them",
                      .minimum = 1},
                     {.name = "below_t",
                      .type = ParamType::kNumber,
                      .default_value = 641.0,
                      .description = "model time below which anything is reused",
                      .minimum = 0.0},
                     {.name = "low_weight",
                      .type = ParamType::kNumber,
                      .default_value = 1.1,
                      .description = "of the difference's low frequencies at each reuse, for 99 < t < 901"},
                     {.name = "high_weight",
                      .type = ParamType::kNumber,
                      .default_value = 1.1,
                      .description = "of its high frequencies, for t < 301"},
                     {.name = "method",
                      .type = ParamType::kString,
                      .default_value = "full",
                      .description = "method that runs what is not reused"},
                     {.name = "params",
                      .type = ParamType::kTable,
                      .default_value = nlohmann::json::object(),
                      .description = "its parameters"}},
          .make = make,
          .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
            params["interval"] = 1;
            const auto name = params.value("method", "full");
            if (name == "full") return params;
            const auto given = config::table_of(params.value("params", nlohmann::json::object()));
            const auto never = find_method(name, "method").never_skip(given.value_or(nlohmann::json::object()), model);
            if (!never) return std::nullopt;
            params["params"] = *never;
            return params;
          },
          .skipping =
              [](nlohmann::json params, const Model&) {
                params["interval"] = 2;
                params["below_t"] = 1e9;
                return params;
              },
          .decides =
              [](const nlohmann::json& params) {
                return find_method(params.at("method"), "method").decides(inner_params(params, "guidance_reuse"));
              }};
}

}  // namespace diffbench::methods::guidance_reuse
