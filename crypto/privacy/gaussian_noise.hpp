// Gaussian noise for sums of ring words, from a seed.
#pragma once

#include <cstdint>
#include <span>

#include "crypto/secret.hpp"

namespace tributary::privacy {

// Fills `out` with independent normal variates of standard deviation sigma >= 0 (Box and Muller
// 1958). The same seed and sizes give the same bytes on the same platform: a retry averages nothing
// away. Double precision: the tails end at 8.6 sigma.
void gaussian_noise(const crypto::Seed& seed, double sigma, std::span<double> out);

// Rounding noise added to an integer is post-processing of the Gaussian mechanism, exactly. A double has
// 53 bits, so sigma must be from 16, where its own grid is far below one unit (Mironov 2012 does not
// apply), to 2^40; anything else is std::invalid_argument.
void require_fine_grid(double sigma);

}  // namespace tributary::privacy
