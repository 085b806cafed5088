#include "crypto/privacy/rdp_accountant.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "crypto/privacy/normal.hpp"

namespace tributary::privacy {
namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();
// Terms below e^-40 of a sum that is at least 1 no longer count.
constexpr double negligible = -40;

double log_binomial(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// log of sum_k C(alpha, k) q^k (1-q)^(alpha-k) e^((k^2-k) / (2 z^2)).
double log_moment_of_integer(double q, double z, double alpha) {
  double sum = nothing;
  for (double k = 0; k <= alpha; ++k) {
    const double weight = log_binomial(alpha, k) + k * std::log(q) + (alpha - k) * std::log1p(-q);
    sum = log_add(sum, weight + (k * k - k) / (2 * z * z));
  }
  return sum;
}

// A sum of terms of either sign, as the logarithms of its two halves.
struct SignedSum {
  double positive = nothing;
  double negative = nothing;
  void add(double log_term, bool minus) {
    auto& half = minus ? negative : positive;
    half = log_add(half, log_term);
  }
};

double log_moment_of_real(double q, double z, double alpha) {
  const double middle = z * z * std::log(1 / q - 1) + 0.5;
  const double log_q = std::log(q);
  const double log_rest = std::log1p(-q);
  SignedSum sum;
  double log_coefficient = 0;  // of |C(alpha, i)|
  bool minus = false;
  for (double i = 0;; ++i) {
    const double j = alpha - i;
    const double left = log_coefficient + i * log_q + j * log_rest + (i * i - i) / (2 * z * z) +
                        log_normal_cdf((middle - i) / z);
    const double right = log_coefficient + j * log_q + i * log_rest + (j * j - j) / (2 * z * z) +
                         log_normal_cdf((j - middle) / z);
    sum.add(left, minus);
    sum.add(right, minus);
    if (i > alpha && std::max(left, right) < negligible) break;
    log_coefficient += std::log(std::abs(j)) - std::log(i + 1);
    if (j < 0) minus = !minus;
  }
  return log_subtract(sum.positive, sum.negative);
}

std::vector<double> make_orders() {
  std::vector<double> orders;
  for (int tenths = 11; tenths < 110; ++tenths) orders.push_back(tenths / 10.0);
  for (int order = 11; order < 64; ++order) orders.push_back(order);
  orders.insert(orders.end(), {128, 256, 512, 1024});
  return orders;
}

double epsilon_at(double rdp, double alpha, double delta) {
  // Total variation alone already gives (0, delta): Bretagnolle and Huber's bound.
  if (delta * delta + std::expm1(-rdp) > 0) return 0;
  return rdp + std::log1p(-1 / alpha) - std::log(delta * alpha) / (alpha - 1);
}

}  // namespace

std::span<const double> usual_orders() {
  static const auto orders = make_orders();
  return orders;
}

double subsampled_gaussian_rdp(double sampling_rate, double noise_multiplier, double alpha) {
  if (sampling_rate == 0) return 0;
  if (sampling_rate == 1) return alpha / (2 * noise_multiplier * noise_multiplier);
  const double log_moment = alpha == std::floor(alpha)
                                ? log_moment_of_integer(sampling_rate, noise_multiplier, alpha)
                                : log_moment_of_real(sampling_rate, noise_multiplier, alpha);
  return std::max(0.0, log_moment / (alpha - 1));
}

double rdp_epsilon(double sampling_rate, double noise_multiplier, std::uint64_t steps,
                   double delta) {
  if (!(sampling_rate >= 0 && sampling_rate <= 1)) {
    throw std::invalid_argument("privacy: the sampling rate must be from 0 to 1");
  }
  if (!(noise_multiplier > 0) || !std::isfinite(noise_multiplier)) {
    throw std::invalid_argument("privacy: the noise multiplier must be above 0");
  }
  if (!(delta > 0 && delta < 1)) {
    throw std::invalid_argument("privacy: delta must be above 0 and below 1");
  }
  double best = std::numeric_limits<double>::infinity();
  for (const double alpha : usual_orders()) {
    const double rdp = static_cast<double>(steps) *
                       subsampled_gaussian_rdp(sampling_rate, noise_multiplier, alpha);
    best = std::min(best, std::max(0.0, epsilon_at(rdp, alpha, delta)));
  }
  return best;
}

}  // namespace tributary::privacy
