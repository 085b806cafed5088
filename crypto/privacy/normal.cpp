#include "crypto/privacy/normal.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace tributary::privacy {
namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();
constexpr double tail = -30.0;  // erfc is exact far beyond; at -38 it would underflow

}  // namespace

double log_normal_cdf(double x) {
  if (x > tail) return std::log(0.5 * std::erfc(-x / std::numbers::sqrt2));
  // Mills' ratio, asymptotic series (DLMF 7.12.1): the next term is below 1e-9 of the sum here.
  const double s = 1.0 / (x * x);
  const double series = std::log1p(-s + 3 * s * s - 15 * s * s * s);
  return -x * x / 2 - std::log(-x) - std::log(2 * std::numbers::pi) / 2 + series;
}

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  if (b == nothing) return a;
  return a + std::log1p(std::exp(b - a));
}

double log_subtract(double a, double b) {
  if (b == nothing) return a;
  if (a <= b) return nothing;
  return a + std::log(-std::expm1(b - a));
}

}  // namespace tributary::privacy
