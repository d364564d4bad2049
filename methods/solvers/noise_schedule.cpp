#include "methods/solvers/noise_schedule.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::solvers {
namespace {

using config::InputError;

constexpr int64_t kMaxTrainSteps = 1'000'000;
constexpr double kMaxCosineBeta = 0.999;

[[noreturn]] void fail(std::string_view where, std::string_view key, std::string_view message) {
  throw InputError(std::string(where) + ": " + std::string(key) + ": " + std::string(message));
}

void check(const NoiseScheduleSpec& spec, std::string_view where) {
  const auto& kinds = noise_schedule_kinds();
  if (std::find(kinds.begin(), kinds.end(), spec.kind) == kinds.end()) {
    fail(where, "schedule", config::unknown_name("noise schedule", spec.kind, kinds));
  }
  if (spec.train_steps < 1 || spec.train_steps > kMaxTrainSteps) {
    fail(where, "train_steps", "must be 1 to 1000000, got " + std::to_string(spec.train_steps));
  }
  // written so that NaN fails as well
  if (spec.kind == "linear" || spec.kind == "scaled_linear") {
    if (!(spec.beta_start > 0.0 && spec.beta_start < 1.0)) {
      fail(where, "beta_start", "must lie between 0 and 1");
    }
    if (!(spec.beta_end >= spec.beta_start && spec.beta_end < 1.0)) {
      fail(where, "beta_end", "must lie between beta_start and 1");
    }
  } else if (spec.kind == "vp_continuous") {
    if (!(spec.beta_min > 0.0 && std::isfinite(spec.beta_min))) {
      fail(where, "beta_min", "must be positive");
    }
    if (!(spec.beta_max > spec.beta_min && std::isfinite(spec.beta_max))) {
      fail(where, "beta_max", "must be larger than beta_min");
    }
  }
}

std::vector<double> betas_of(const NoiseScheduleSpec& spec) {
  const auto count = static_cast<size_t>(spec.train_steps);
  std::vector<double> betas(count);
  const auto fraction = [&](size_t i) { return count == 1 ? 0.0 : static_cast<double>(i) / (count - 1.0); };
  if (spec.kind == "linear") {
    for (size_t i = 0; i < count; ++i) {
      betas[i] = spec.beta_start + fraction(i) * (spec.beta_end - spec.beta_start);
    }
  } else if (spec.kind == "scaled_linear") {
    for (size_t i = 0; i < count; ++i) {
      betas[i] = std::pow(std::lerp(std::sqrt(spec.beta_start), std::sqrt(spec.beta_end), fraction(i)), 2);
    }
  } else {
    const auto alpha_bar = [](double t) {
      const double cosine = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
      return cosine * cosine;
    };
    for (size_t i = 0; i < count; ++i) {
      const double from = static_cast<double>(i) / count;
      const double to = static_cast<double>(i + 1) / count;
      betas[i] = std::min(1 - alpha_bar(to) / alpha_bar(from), kMaxCosineBeta);
    }
  }
  return betas;
}

}  // namespace

const std::vector<std::string>& noise_schedule_kinds() {
  static const std::vector<std::string> kKinds = {"linear", "scaled_linear", "cosine", "vp_continuous"};
  return kKinds;
}

NoiseSchedule::NoiseSchedule(NoiseScheduleSpec spec, std::string_view where) : spec_(std::move(spec)) {
  check(spec_, where);
  if (spec_.kind == "vp_continuous") {
    return;
  }
  double product = 1.0;
  for (const double beta : betas_of(spec_)) {
    product *= 1.0 - beta;
    alphas_cumprod_.push_back(product);
    log_alphas_.push_back(0.5 * std::log(product));
  }
  if (!std::isnormal(product)) {
    fail(where, "beta_end", "the schedule leaves no signal that float64 can hold at its last step");
  }
}

double NoiseSchedule::log_alpha(double t) const {
  if (is_continuous()) {
    return -0.25 * t * t * (spec_.beta_max - spec_.beta_min) - 0.5 * t * spec_.beta_min;
  }
  if (log_alphas_.size() == 1) {
    return log_alphas_[0];
  }
  const double last_piece = static_cast<double>(log_alphas_.size()) - 2;
  const auto low = static_cast<size_t>(std::clamp(std::floor(t), 0.0, last_piece));
  return log_alphas_[low] + (t - static_cast<double>(low)) * (log_alphas_[low + 1] - log_alphas_[low]);
}

double NoiseSchedule::alpha(double t) const { return std::exp(log_alpha(t)); }

double NoiseSchedule::sigma(double t) const { return std::sqrt(-std::expm1(2 * log_alpha(t))); }

double NoiseSchedule::lambda(double t) const { return log_alpha(t) - std::log(sigma(t)); }

double NoiseSchedule::time_of_lambda(double lambda) const {
  // alpha^2 = 1 / (1 + exp(-2 lambda)), written without overflow on either side
  const double twice_log_alpha =
      lambda > 0 ? -std::log1p(std::exp(-2 * lambda)) : 2 * lambda - std::log1p(std::exp(2 * lambda));
  if (is_continuous()) {
    const double slope = spec_.beta_max - spec_.beta_min;
    const double product = -2 * twice_log_alpha * slope;
    return product / (std::sqrt(spec_.beta_min * spec_.beta_min + product) + spec_.beta_min) / slope;
  }
  if (log_alphas_.size() == 1) {
    return 0.0;
  }
  const double target = 0.5 * twice_log_alpha;
  const auto first_below = std::lower_bound(log_alphas_.begin() + 1, log_alphas_.end() - 1, target, std::greater<>());
  const auto high = static_cast<size_t>(first_below - log_alphas_.begin());
  const double fraction = (log_alphas_[high - 1] - target) / (log_alphas_[high - 1] - log_alphas_[high]);
  return static_cast<double>(high - 1) + fraction;
}

double NoiseSchedule::beta(double t) const {
  assert(is_continuous());
  return spec_.beta_min + t * (spec_.beta_max - spec_.beta_min);
}

}  // namespace diffbench::solvers
