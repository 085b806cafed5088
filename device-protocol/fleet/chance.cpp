#include "device-protocol/fleet/chance.hpp"

#include <cmath>
#include <numbers>

namespace tributary::fleet {

Chance::Chance(std::uint64_t seed, std::uint64_t stream) : state_(seed) {
  state_ = next() ^ (stream * 0xd1342543de82ef95U + 0x632be59bd9b4e019U);
  next();
}

std::uint64_t Chance::next() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state_;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

double Chance::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

std::uint64_t Chance::below(std::uint64_t bound) {
  // Rejects the incomplete last stretch, so that every value is equally likely.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    const auto value = next();
    if (value < limit) return value % bound;
  }
}

double Chance::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

double Chance::log_gamma_variate(double shape) {
  // Marsaglia and Tsang; below 1 through Gamma(a) = Gamma(a + 1) * U^(1/a), in logarithms because
  // the result of a small shape underflows.
  if (shape < 1) return log_gamma_variate(shape + 1) + std::log1p(-uniform()) / shape;
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log1p(-uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
      return std::log(d) + std::log(v);
    }
  }
}

}  // namespace tributary::fleet
