#pragma once
// How much signal (alpha) and noise (sigma) a sample holds at a time: x_t = alpha(t) x_0 + sigma(t) noise, alpha^2 +
// sigma^2 = 1.
//
//   NoiseSchedule schedule({.kind = "linear", .train_steps = 1000, .beta_start = 1e-4, .beta_end = 0.02},
//   "model.toml:3"); schedule.lambda(999.0);             // log(alpha / sigma) of pure noise
//   schedule.time_of_lambda(0.0);       // where signal and noise are equal
//
// Discrete kinds (linear, scaled_linear, cosine): times are indices 0 .. train_steps - 1, fractions allowed; log alpha
// is piecewise linear between indices. vp_continuous: times are t in (0, 1], in closed form. All in float64. Immutable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::solvers {

struct NoiseScheduleSpec {
  std::string kind = "linear";  // linear | scaled_linear | cosine | vp_continuous
  int64_t train_steps = 1000;
  double beta_start = 1e-4;  // linear, scaled_linear
  double beta_end = 0.02;
  double beta_min = 0.1;  // vp_continuous: beta(t) = beta_min + t (beta_max - beta_min)
  double beta_max = 20.0;
};

const std::vector<std::string>& noise_schedule_kinds();

class NoiseSchedule {
 public:
  // throws InputError "<where>: <key>: ..." on values that make no schedule
  explicit NoiseSchedule(NoiseScheduleSpec spec, std::string_view where = "noise");

  const NoiseScheduleSpec& spec() const { return spec_; }
  bool is_continuous() const { return alphas_cumprod_.empty(); }
  int64_t train_steps() const { return spec_.train_steps; }
  // model times lie in [0, span()]
  double span() const { return is_continuous() ? 1.0 : static_cast<double>(train_steps()); }

  // alpha(t)^2 at every index; empty on vp_continuous
  const std::vector<double>& alphas_cumprod() const { return alphas_cumprod_; }

  // t outside the table (or (0, 1]) is continued along the last piece
  double log_alpha(double t) const;
  double alpha(double t) const;
  double sigma(double t) const;
  double lambda(double t) const;  // log(alpha / sigma); falls as t grows
  double time_of_lambda(double lambda) const;

  // vp_continuous only: beta(t) of the forward SDE dx = -beta(t) x / 2 dt + sqrt(beta(t)) dW
  double beta(double t) const;

 private:
  NoiseScheduleSpec spec_;
  std::vector<double> alphas_cumprod_;
  std::vector<double> log_alphas_;
};

}  // namespace diffbench::solvers
