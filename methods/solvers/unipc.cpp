// UniPC, the B(h) form with data prediction (Zhao et al., NeurIPS 2023, arXiv 2302.04867, algorithms 1 and 2). With
// m_k = x0 predicted at point k, h = lambda_t - lambda_0 from point 0 to t, r_k = (lambda_k - lambda_0) / h and
// D_k = (m_k - m_0) / r_k of earlier points k:
//   x_t = (sigma_t / sigma_0) x - alpha_t (exp(-h) - 1) m_0 - alpha_t B(h) sum_k rho_k D_k.
// The predictor (UniP) sums over earlier points; once the network was called at its result, the corrector (UniC)
// repeats the step with D_t = m_t - m_0 as well. The rho solve sum_k rho_k r_k^(i-1) = b_i, B(h) = -h (bh1) or exp(-h)
// - 1 (bh2). Order `order` for the predictor, one more with the corrector; one evaluation per step. Lower order while
// there are few earlier points and, at the end, few points left; no corrector after the last step. As diffusers'
// UniPCMultistepScheduler (final sigma 0: the last step is the x0 prediction), and on uniform, quadratic and logsnr as
// the authors' code.
#include <algorithm>
#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr size_t kLargestOrder = 3;

// the first `count` of: integral terms b_i of the exponential integrator, divided by B(h)
std::vector<double> integral_terms(double minus_h, double b_of_h, size_t count) {
  std::vector<double> b;
  double factorial = 1.0;
  double phi = std::expm1(minus_h) / minus_h - 1.0;
  for (size_t i = 1; i <= count; ++i) {
    b.push_back(phi * factorial / b_of_h);
    factorial *= static_cast<double>(i + 1);
    phi = phi / minus_h - 1.0 / factorial;
  }
  return b;
}

// rho with sum_k rho[k] ratios[k]^i = b[i]: Gauss elimination with pivoting, at most 3 x 3
std::vector<double> solve_vandermonde(const std::vector<double>& ratios, std::vector<double> b) {
  const size_t n = ratios.size();
  double rows[kLargestOrder][kLargestOrder];
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) {
      rows[i][k] = std::pow(ratios[k], static_cast<double>(i));
    }
  }
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t i = column + 1; i < n; ++i) {
      pivot = std::abs(rows[i][column]) > std::abs(rows[pivot][column]) ? i : pivot;
    }
    std::swap(rows[column], rows[pivot]);
    std::swap(b[column], b[pivot]);
    for (size_t i = 0; i < n; ++i) {
      if (i != column) {
        const double factor = rows[i][column] / rows[column][column];
        for (size_t k = column; k < n; ++k) {
          rows[i][k] -= factor * rows[column][k];
        }
        b[i] -= factor * b[column];
      }
    }
  }
  for (size_t i = 0; i < n; ++i) {
    b[i] /= rows[i][i];
  }
  return b;
}

struct Prediction {
  GridPoint point;
  Linear x0;
};

// One step from earlier.front() to `to`, of order earlier.size(); with `at_target`, the x0 predicted there, the
// corrector's.
Linear unipc_step(const Linear& x, const std::vector<Prediction>& earlier, const GridPoint& to, bool bh1,
                  const Linear* at_target) {
  const auto& from = earlier.front();
  const double h = to.lambda() - from.point.lambda();
  const double b_of_h = bh1 ? -h : std::expm1(-h);
  Linear next = (to.sigma / from.point.sigma) * x - (to.alpha * std::expm1(-h)) * from.x0;
  std::vector<double> ratios;
  std::vector<Linear> differences;
  for (size_t k = 1; k < earlier.size(); ++k) {
    ratios.push_back((earlier[k].point.lambda() - from.point.lambda()) / h);
    differences.push_back((earlier[k].x0 - from.x0) / ratios.back());
  }
  if (at_target != nullptr) {
    ratios.push_back(1.0);
    differences.push_back(*at_target - from.x0);
  }
  if (ratios.empty()) {
    return next;
  }
  // with a single unknown both public codes take one half, its limit for small h
  const auto rho = ratios.size() == 1 ? std::vector<double>{0.5}
                                      : solve_vandermonde(ratios, integral_terms(-h, b_of_h, ratios.size()));
  for (size_t k = 0; k < rho.size(); ++k) {
    next = next - (to.alpha * b_of_h * rho[k]) * differences[k];
  }
  return next;
}

Plan make_unipc(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto points = multistep_points(request.grid, schedule, request.steps, End::kZero);
  const int order = request.params.at("order").get<int>();
  const bool bh1 = request.params.at("variant").get<std::string>() == "bh1";
  // registers: 0 the state, 1 the corrected state before the last prediction, then a ring of `order` predictions
  const auto slot = [&](int i) { return 2 + i % order; };
  PlanBuilder builder("unipc", request.grid, request.steps);
  int order_before = 0;
  for (int i = 0; i < request.steps; ++i) {
    const auto& from = points[static_cast<size_t>(i)];
    const auto& to = points[static_cast<size_t>(i) + 1];
    builder.evaluate(from.t, i, from.alpha, from.sigma);
    const Linear x0 = (Linear::state(0) - from.sigma * Linear::eps()) / from.alpha;
    const auto earlier = [&](int newest, int count) {
      std::vector<Prediction> result;
      for (int k = newest; k > newest - count; --k) {
        result.push_back({points[static_cast<size_t>(k)], k == i ? x0 : Linear::state(slot(k))});
      }
      return result;
    };
    const Linear x =
        i == 0 ? Linear::state(0) : unipc_step(Linear::state(1), earlier(i - 1, order_before), from, bh1, &x0);
    const int order_here = std::min({order, request.steps - i, i + 1});
    builder.update(0, to.sigma == 0.0 ? x0 : unipc_step(x, earlier(i, order_here), to, bh1, nullptr));
    if (i + 1 < request.steps) {
      builder.update(1, x);
      builder.update(slot(i), x0);
    }
    order_before = order_here;
  }
  return builder.finish();
}

}  // namespace

SolverEntry unipc_entry() {
  return {.name = "unipc",
          .summary = "multistep predictor-corrector on the predicted data, of order 1 to 3 plus one",
          .source = "Zhao et al., NeurIPS 2023, arXiv 2302.04867",
          .order = 3,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"leading", "linspace", "trailing", "karras", "uniform", "quadratic", "logsnr"},
          .continuous_grids = {"uniform", "quadratic", "logsnr"},
          .params = {{.name = "order",
                      .type = config::ParamType::kInteger,
                      .default_value = 2,
                      .description = "of the predictor; the corrector adds one",
                      .minimum = 1,
                      .maximum = static_cast<double>(kLargestOrder)},
                     {.name = "variant",
                      .type = config::ParamType::kString,
                      .default_value = "bh2",
                      .description = "B(h) is the step itself (bh1) or its exponential (bh2)",
                      .choices = {"bh1", "bh2"}}},
          .make = make_unipc};
}

}  // namespace diffbench::solvers
