#include "crypto/privacy/gaussian_noise.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "crypto/privacy/random_stream.hpp"

namespace tributary::privacy {
namespace {

constexpr double least_sigma = 16;
constexpr double most_sigma = 0x1p40;

// Calls `take(i, variate)` for i in 0..count-1, variates of standard deviation 1.
template <class Take>
void each_variate(const crypto::Seed& seed, std::size_t count, Take take) {
  RandomStream random(seed);
  for (std::size_t i = 0; i < count; i += 2) {
    const double radius = std::sqrt(-2 * std::log(random.open_unit()));
    const double angle = 2 * std::numbers::pi * random.open_unit();
    take(i, radius * std::cos(angle));
    if (i + 1 < count) take(i + 1, radius * std::sin(angle));
  }
}

}  // namespace

void gaussian_noise(const crypto::Seed& seed, double sigma, std::span<double> out) {
  each_variate(seed, out.size(), [&](std::size_t i, double variate) { out[i] = sigma * variate; });
}

void require_fine_grid(double sigma) {
  if (!(sigma >= least_sigma && sigma <= most_sigma)) {
    throw std::invalid_argument("privacy: noise in ring units must have sigma from 16 to 2^40");
  }
}

void rounded_gaussian_noise(const crypto::Seed& seed, double sigma, std::span<std::int64_t> out) {
  require_fine_grid(sigma);
  each_variate(seed, out.size(),
               [&](std::size_t i, double variate) { out[i] = std::llround(sigma * variate); });
}

}  // namespace tributary::privacy
