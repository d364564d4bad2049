#include "methods/taylor_seer/forecast.h"

#include <algorithm>
#include <functional>

namespace diffbench::methods::taylor_seer {
namespace {

// sum_i basis(i, x) / i! D_i, in weights of the outputs
std::vector<double> weights_of(const Places& places, int64_t place, int64_t order,
                               const std::function<double(int64_t, double)>& basis) {
  const auto kept = static_cast<int64_t>(places.size());
  const int64_t used = std::min(order + 1, kept);
  // differences[j]: D_i at the j-th of the used outputs, in weights of all outputs; i grows in place
  std::vector<std::vector<double>> differences;
  for (int64_t j = 0; j < used; ++j) {
    differences.emplace_back(places.size(), 0.0);
    differences.back()[static_cast<size_t>(kept - used + j)] = 1.0;
  }
  const auto x = static_cast<double>(place - places.back());
  std::vector<double> weights(places.size(), 0.0);
  double factorial = 1.0;
  for (int64_t i = 0; i < used; ++i) {
    if (i > 0) factorial *= static_cast<double>(i);
    for (size_t k = 0; k < weights.size(); ++k) weights[k] += basis(i, x) / factorial * differences.back()[k];
    for (auto j = used - 1; j > i; --j) {
      const auto at = static_cast<size_t>(j);
      const auto global = static_cast<size_t>(kept - used + j);
      const auto span = static_cast<double>(places[global] - places[global - 1]);
      for (size_t k = 0; k < weights.size(); ++k) {
        differences[at][k] = (differences[at][k] - differences[at - 1][k]) / span;
      }
    }
  }
  return weights;
}

double power(double x, int64_t n) { return n == 0 ? 1.0 : x * power(x, n - 1); }

// H_n+1 = 2x H_n - 2n H_n-1
double hermite(int64_t n, double x) {
  double before = 0.0;
  double now = 1.0;
  for (int64_t i = 0; i < n; ++i) {
    const double next = 2.0 * x * now - 2.0 * static_cast<double>(i) * before;
    before = now;
    now = next;
  }
  return now;
}

}  // namespace

std::vector<double> taylor_weights(const Places& places, int64_t place, int64_t order) {
  return weights_of(places, place, order, [](int64_t i, double x) { return power(x, i); });
}

std::vector<double> hermite_weights(const Places& places, int64_t place, int64_t order, double scale) {
  return weights_of(places, place, order, [&](int64_t i, double x) { return power(scale, i) * hermite(i, scale * x); });
}

std::vector<double> adams_bashforth_weights(const Places& places, int64_t place, int64_t order) {
  const size_t first = places.size() - std::min(places.size(), static_cast<size_t>(order) + 1);
  std::vector<double> weights(places.size(), 0.0);
  for (size_t k = first; k < places.size(); ++k) {
    weights[k] = 1.0;
    for (size_t j = first; j < places.size(); ++j) {
      if (j != k) weights[k] *= static_cast<double>(place - places[j]) / static_cast<double>(places[k] - places[j]);
    }
  }
  return weights;
}

}  // namespace diffbench::methods::taylor_seer
