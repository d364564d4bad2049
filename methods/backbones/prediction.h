#pragma once
// What a network was trained to predict: model.toml's `prediction`. Whatever it is, the noise is a linear combination
// of the network's output and its input, so that sampling and training need one pair of numbers per time and nothing
// else:
//
//   const EpsForm form = eps_form(Prediction::kV, schedule, 500.0);
//   eps    = form.output * network(x, t) + form.input * x;       // sampling (sampling/as_eps.h)
//   target = (noise - form.input * x) / form.output;             // training (training/denoising.h)
//
// With x = alpha x0 + sigma eps, alpha^2 + sigma^2 = 1:
//   eps       Ho et al., NeurIPS 2020, arXiv 2006.11239
//   x0        the data
//   v         alpha eps - sigma x0 (Salimans and Ho, ICLR 2022, arXiv 2202.00512)
//   previous  the mean of x at t - 1 given x and x0, which is (x - beta / sigma eps) / ratio with ratio = alpha(t) /
//             alpha(t - 1) and beta = 1 - ratio^2 (Ho et al., eq. 11); at t = 0 that is x0. DuoDiff's trainer has it

#include <array>
#include <cmath>
#include <string_view>

#include "methods/solvers/noise_schedule.h"

namespace diffbench::backbones {

enum class Prediction { kEps, kX0, kV, kPrevious };

// in the order of the enum
inline constexpr std::array<std::string_view, 4> kPredictionNames{"eps", "x0", "v", "previous"};

struct EpsForm {
  double output = 1.0;
  double input = 0.0;
};

// kPrevious: on a discrete schedule only
inline EpsForm eps_form(Prediction prediction, const solvers::NoiseSchedule& schedule, double t) {
  const double alpha = schedule.alpha(t);
  const double sigma = schedule.sigma(t);
  switch (prediction) {
    case Prediction::kEps:
      return {};
    case Prediction::kX0:
      return {-alpha / sigma, 1.0 / sigma};
    case Prediction::kV:
      return {alpha, sigma};
    case Prediction::kPrevious: {
      // between the data, at index -1, and index 0 log alpha is linear, as between any two indices
      const double before = t < 1.0 ? t * schedule.log_alpha(0.0) : schedule.log_alpha(t - 1.0);
      const double log_ratio = schedule.log_alpha(t) - before;
      const double beta = -std::expm1(2.0 * log_ratio);
      return {-std::exp(log_ratio) * sigma / beta, sigma / beta};
    }
  }
  return {};
}

}  // namespace diffbench::backbones
