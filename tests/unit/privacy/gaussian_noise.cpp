#include "crypto/privacy/gaussian_noise.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

using namespace tributary;
using namespace tributary::privacy;

namespace {

crypto::Seed seed_of(std::uint8_t first) {
  std::array<std::uint8_t, 32> bytes{};
  bytes[0] = first;
  return *crypto::Seed::from(bytes);
}

}  // namespace

// Seeds are fixed: these tests either always pass or always fail.
TEST_CASE("noise has the moments and the tails of a Gaussian") {
  std::vector<double> noise(200'000);
  gaussian_noise(seed_of(1), 3.0, noise);
  double mean = 0;
  double square = 0;
  double fourth = 0;
  std::size_t beyond_two = 0;
  for (const double x : noise) {
    mean += x / 3;
    square += x * x / 9;
    fourth += x * x * x * x / 81;
    beyond_two += std::abs(x) > 6;
  }
  const double n = static_cast<double>(noise.size());
  // Each within five standard errors.
  CHECK(std::abs(mean / n) < 5 / std::sqrt(n));
  CHECK(std::abs(square / n - 1) < 5 * std::sqrt(2 / n));
  CHECK(std::abs(fourth / n - 3) < 5 * std::sqrt(96 / n));
  CHECK(std::abs(static_cast<double>(beyond_two) / n - 0.0455) < 5 * std::sqrt(0.0455 / n));
}

TEST_CASE("property 10: the same seed gives the same noise, another seed independent noise") {
  std::vector<double> first(5001);
  std::vector<double> again(5001);
  std::vector<double> other(5001);
  gaussian_noise(seed_of(1), 100, first);
  gaussian_noise(seed_of(1), 100, again);
  gaussian_noise(seed_of(2), 100, other);
  CHECK(first == again);
  double product = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    product += first[i] * other[i] / 1e4;
  }
  CHECK(std::abs(product) < 5 * std::sqrt(5001.0));
}

TEST_CASE("neighbouring variates are independent") {
  std::vector<double> noise(100'000);
  gaussian_noise(seed_of(3), 1, noise);
  double product = 0;
  double squares = 0;
  for (std::size_t i = 0; i + 1 < noise.size(); ++i) {
    product += noise[i] * noise[i + 1];
    squares += (noise[i] * noise[i] - 1) * (noise[i + 1] * noise[i + 1] - 1);
  }
  CHECK(std::abs(product) < 5 * std::sqrt(1e5));
  CHECK(std::abs(squares) < 5 * 2 * std::sqrt(1e5));
}

TEST_CASE("noise whose grid would show is refused") {
  CHECK_NOTHROW(require_fine_grid(16));
  CHECK_NOTHROW(require_fine_grid(0x1p40));
  CHECK_THROWS_AS(require_fine_grid(15.9), std::invalid_argument);
  CHECK_THROWS_AS(require_fine_grid(0x1p41), std::invalid_argument);
  CHECK_THROWS_AS(require_fine_grid(NAN), std::invalid_argument);
}
