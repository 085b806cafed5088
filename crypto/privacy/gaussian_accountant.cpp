#include "crypto/privacy/gaussian_accountant.hpp"

#include <cmath>
#include <stdexcept>

#include "crypto/privacy/normal.hpp"

namespace tributary::privacy {
namespace {

constexpr double tolerance = 1e-12;
// What keeps a planned budget from failing by the last bits of its own inverse.
constexpr double margin = 1 + 1e-9;

void require_delta(double delta) {
  if (!(delta > 0 && delta < 1)) {
    throw std::invalid_argument("privacy: delta must be above 0 and below 1");
  }
}

// The upper end of a bisection: `holds` is false below some point and true from it on.
template <class Holds>
double first_true(double high, Holds holds) {
  double low = 0;
  while (!holds(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > tolerance * high) {
    const double middle = low + (high - low) / 2;
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

double mu_of(double noise_multiplier, std::uint64_t participations) {
  return std::sqrt(static_cast<double>(participations)) / noise_multiplier;
}

}  // namespace

double gaussian_delta(double mu, double epsilon) {
  if (mu == 0) return 0;
  const double first = log_normal_cdf(-epsilon / mu + mu / 2);
  const double second = epsilon + log_normal_cdf(-epsilon / mu - mu / 2);
  return std::exp(log_subtract(first, second));
}

double gaussian_epsilon(double noise_multiplier, std::uint64_t participations, double delta) {
  require_delta(delta);
  if (!(noise_multiplier > 0) || !std::isfinite(noise_multiplier)) {
    throw std::invalid_argument("privacy: the noise multiplier must be above 0");
  }
  const double mu = mu_of(noise_multiplier, participations);
  if (gaussian_delta(mu, 0) <= delta) return 0;
  return first_true(1, [&](double epsilon) { return gaussian_delta(mu, epsilon) <= delta; });
}

double gaussian_noise_multiplier(const Budget& budget, std::uint64_t participations) {
  require_delta(budget.delta);
  if (!(budget.epsilon > 0) || !std::isfinite(budget.epsilon) || participations == 0) {
    throw std::invalid_argument("privacy: epsilon and participations must be above 0");
  }
  const double scale = std::sqrt(static_cast<double>(participations));
  return margin * scale * first_true(1, [&](double z) {
           return z > 0 && gaussian_delta(1 / z, budget.epsilon) <= budget.delta;
         });
}

double noise_to_signal(double noise_multiplier, std::uint64_t parameters, std::uint64_t devices) {
  return noise_multiplier * std::sqrt(static_cast<double>(parameters)) /
         static_cast<double>(devices);
}

}  // namespace tributary::privacy
