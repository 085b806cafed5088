#include "crypto/privacy/matrix_noise.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tributary::privacy {

BandedRoot::BandedRoot(std::uint32_t band) {
  if (band == 0) throw std::invalid_argument("privacy: the band of matrix noise is at least 1");
  coefficients_.push_back(1);
  for (std::uint32_t i = 1; i < band; ++i) {
    coefficients_.push_back(coefficients_.back() * (2.0 * i - 1) / (2.0 * i));
  }
}

double BandedRoot::sensitivity(const Participation& rule, std::uint32_t rounds) const {
  if (rule.separation < coefficients_.size() || rule.cap == 0) {
    throw std::invalid_argument(
        "privacy: participations must be at least a band apart, and one must be allowed");
  }
  const std::uint32_t most = rounds / rule.separation + (rounds % rule.separation > 0 ? 1 : 0);
  double squares = 0;
  for (const double c : coefficients_) squares += c * c;
  return std::sqrt(std::min(rule.cap, most) * squares);
}

std::vector<double> BandedRoot::inverse(std::uint32_t terms) const {
  std::vector<double> series(terms);
  for (std::uint32_t t = 0; t < terms; ++t) {
    double value = t == 0 ? 1 : 0;
    for (std::size_t i = 1; i < coefficients_.size() && i <= t; ++i) {
      value -= coefficients_[i] * series[t - i];
    }
    series[t] = value;
  }
  return series;
}

double BandedRoot::rms_prefix_error(const Participation& rule, std::uint32_t rounds) const {
  double entry = 0;    // of A C^-1, a Toeplitz matrix: the prefix sum of the inverse
  double row = 0;      // squared norm of row t
  double squares = 0;  // over all rows
  for (const double step : inverse(rounds)) {
    entry += step;
    row += entry * entry;
    squares += row;
  }
  return sensitivity(rule, rounds) * std::sqrt(squares / rounds);
}

void BandedRoot::noise(std::uint32_t round, const Fresh& fresh, std::span<double> out) const {
  const auto weights = inverse(round + 1);
  std::vector<double> z(out.size());
  std::ranges::fill(out, 0);
  for (std::uint32_t s = 0; s <= round; ++s) {
    const double weight = weights[round - s];
    if (weight == 0) continue;
    fresh(s, z);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += weight * z[i];
  }
}

}  // namespace tributary::privacy
