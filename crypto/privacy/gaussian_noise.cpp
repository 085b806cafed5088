#include "crypto/privacy/gaussian_noise.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "crypto/privacy/random_stream.hpp"

namespace tributary::privacy {
namespace {

constexpr double least_sigma = 16;
constexpr double most_sigma = 0x1p40;

}  // namespace

void gaussian_noise(const crypto::Seed& seed, double sigma, std::span<double> out) {
  RandomStream random(seed);
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const double radius = sigma * std::sqrt(-2 * std::log(random.open_unit()));
    const double angle = 2 * std::numbers::pi * random.open_unit();
    out[i] = radius * std::cos(angle);
    if (i + 1 < out.size()) out[i + 1] = radius * std::sin(angle);
  }
}

void require_fine_grid(double sigma) {
  if (!(sigma >= least_sigma && sigma <= most_sigma)) {
    throw std::invalid_argument("privacy: noise in ring units must have sigma from 16 to 2^40");
  }
}

}  // namespace tributary::privacy
