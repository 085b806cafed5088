// Exact samples of the discrete Gaussian (Canonne, Kamath and Steinke 2020, arXiv 2004.00010,
// algorithms 1 to 3): integers only, no floating point anywhere.
#pragma once

#include <cstdint>

#include "crypto/privacy/random_stream.hpp"

namespace tributary::privacy {

// sigma^2 = numerator / denominator: from 2^-16 to 2^40, denominator at most 2^16.
struct Variance {
  std::uint64_t numerator;
  std::uint64_t denominator;
};

class DiscreteGaussian {
 public:
  // Throws std::invalid_argument when the variance is out of range.
  explicit DiscreteGaussian(Variance variance);

  // One sample: P(x) proportional to e^(-x^2 / (2 sigma^2)) over the integers. Expected number of
  // proposals below 2 for every sigma >= 1. Not constant in time.
  std::int64_t sample(RandomStream& random) const;

 private:
  Variance variance_;
  std::uint64_t scale_;  // of the Laplace proposal: floor(sigma) + 1
};

}  // namespace tributary::privacy
