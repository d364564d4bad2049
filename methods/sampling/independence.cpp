#include "methods/sampling/independence.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace diffbench {
namespace {

using Samples = std::vector<int64_t>;

const Samples kBatch{0, 1, 2, 3};
const Samples kFewInOtherOrder{2, 0};
constexpr double kCoarse = 1e-3;  // the least tolerance of the short form

double largest(const at::Tensor& values) { return values.abs().max().item<double>(); }

class Trials {
 public:
  Trials(const IndependenceRequest& request, const Sampler& sampler, const Model& model)
      : request_(request), sampler_(sampler), model_(model) {}

  std::optional<std::string> find() const {
    const auto used = request_.make();
    const auto first = run(*used, kBatch);
    if (!at::isfinite(first).all().item<bool>()) {
      return "samples are not finite";
    }
    // A batch left after its first evaluation: seen by itself, and because it shifts whatever counts evaluations, which
    // a whole batch may leave as it found it.
    const auto begun = begin_only(*used, kBatch);
    const auto begun_first = begin_only(*request_.make(), kBatch);
    if (!at::equal(begun, begun_first)) {
      return differ("the first evaluation of a second batch through one denoiser", begun, begun_first);
    }
    const auto again = run(*used, kBatch);
    if (!at::equal(first, again)) {
      return differ("a second batch through one denoiser", again, first);
    }
    const auto few = run(*used, kFewInOtherOrder);
    const auto few_first = run(*request_.make(), kFewInOtherOrder);
    if (!at::equal(few, few_first)) {
      return differ("a batch of another size after the first", few, few_first);
    }
    if (request_.decides_by_batch) {
      return request_.thorough ? same_after_change(*used, first) : std::nullopt;
    }
    if (request_.thorough) {
      return find_thoroughly(*used, first);
    }
    const auto& precision = model_.compute.precision;
    if (precision != "fp32" && precision != "fp64") {
      return std::nullopt;
    }
    return in_other_company(few, kFewInOtherOrder, first, kFewInOtherOrder.size() / 2, kCoarse);
  }

 private:
  std::optional<std::string> same_after_change(Denoiser& used, const at::Tensor& first) const {
    const auto after = run(used, kBatch);
    return at::equal(first, after) ? std::nullopt
                                   : std::optional(differ("a batch after one of another size", after, first));
  }

  std::optional<std::string> find_thoroughly(Denoiser& used, const at::Tensor& first) const {
    if (const auto fault = same_after_change(used, first)) {
      return fault;
    }
    for (const auto& samples : {Samples{0}, Samples{1}, Samples{2}, Samples{3}, Samples{3, 1, 0, 2}}) {
      if (const auto fault = in_other_company(run(used, samples), samples, first, 0)) {
        return fault;
      }
    }
    return in_other_company(run_coming_and_going(*request_.make()), kBatch, first, 0);
  }

  at::Tensor run(Denoiser& denoiser, const Samples& samples) const {
    auto noise = noise_of(samples);
    Trace ignored;
    return sampler_.run(denoiser, noise, labels_of(samples), ignored);
  }

  // the state after the first evaluation of a batch that does not go on
  at::Tensor begin_only(Denoiser& denoiser, const Samples& samples) const {
    auto noise = noise_of(samples);
    auto trajectories = sampler_.start(noise);
    denoiser.begin(samples);
    EvaluationTrace ignored;
    sampler_.advance(trajectories, denoiser, noise, labels_of(samples), ignored);
    return trajectories.registers.front();
  }

  // samples 0 and 1 first, 2 and 3 two evaluations later; places change at every evaluation, and who is done leaves
  at::Tensor run_coming_and_going(Denoiser& denoiser) const {
    std::map<int64_t, at::Tensor> done;
    auto running = start(denoiser, {0, 1});
    for (int evaluation = 0; !running.members.empty(); ++evaluation) {
      if (evaluation == 2) {
        running = join(running, start(denoiser, {2, 3}));
      }
      const auto samples = samples_of(running);
      auto noise = noise_of(samples);
      EvaluationTrace ignored;
      sampler_.advance(running, denoiser, noise, labels_of(samples), ignored);
      std::vector<int64_t> staying;
      for (size_t row = 0; row < samples.size(); ++row) {
        if (sampler_.is_finished(running, row)) {
          done[samples[row]] = running.registers.front()[static_cast<int64_t>(row)].clone();
          denoiser.end({samples[row]});
        } else {
          staying.insert(staying.begin(), static_cast<int64_t>(row));
        }
      }
      if (staying.empty() && evaluation < 2) {  // a plan of one or two evaluations
        running = start(denoiser, {2, 3});
        evaluation = 2;
      } else {
        running = select(running, staying);
      }
    }
    std::vector<at::Tensor> rows;
    for (const auto& [sample, values] : done) {
      rows.push_back(values);
    }
    return at::stack(rows);
  }

  Trajectories start(Denoiser& denoiser, const Samples& samples) const {
    auto noise = noise_of(samples);
    denoiser.begin(samples);
    return sampler_.start(noise);
  }

  // how many rows of `values`, which are those of `samples`, are not what `first` has of them
  std::optional<std::string> in_other_company(const at::Tensor& values, const Samples& samples, const at::Tensor& first,
                                              size_t allowed, double least_tolerance = 0.0) const {
    const double limit = std::max(request_.tolerance, least_tolerance) * largest(first);
    size_t strange = 0;
    double worst = 0.0;
    for (size_t row = 0; row < samples.size(); ++row) {
      const double difference = largest(values[static_cast<int64_t>(row)] - first[samples[row]]);
      worst = std::max(worst, difference);
      strange += difference <= limit ? 0 : 1;
    }
    if (strange <= allowed) {
      return std::nullopt;
    }
    return fmt::format(
        "{} of {} rows are other samples in another company or place, by up to {:.3g} (allowed: {:.3g}); a sample must "
        "depend on itself alone, or the method must say that it decides by batch",
        strange, samples.size(), worst, limit);
  }

  static std::string differ(const char* what, const at::Tensor& values, const at::Tensor& expected) {
    return fmt::format(
        "{} differs from the same samples through a fresh one by up to {:.3g}: the method keeps something from batch "
        "to "
        "batch that its begin() must forget",
        what, largest(values - expected));
  }

  static Samples samples_of(const Trajectories& running) {
    Samples samples;
    for (const auto& member : running.members) {
      samples.push_back(member.sample);
    }
    return samples;
  }

  PhiloxNoise noise_of(const Samples& samples) const {
    const auto& network = model_.network;
    return {request_.seed, samples, {network.channels, network.image_size, network.image_size}, model_.compute};
  }
  at::Tensor labels_of(const Samples& samples) const {
    return default_labels(samples, model_.network.classes, model_.compute);
  }

  const IndependenceRequest& request_;
  const Sampler& sampler_;
  const Model& model_;
};

}  // namespace

std::optional<std::string> find_dependence(const IndependenceRequest& request, const Sampler& sampler,
                                           const Model& model) {
  return Trials(request, sampler, model).find();
}

}  // namespace diffbench
