#include "crypto/privacy/discrete_gaussian.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <stdexcept>

using namespace tributary;
using namespace tributary::privacy;

namespace {

crypto::Seed seed_of(std::uint8_t first) {
  std::array<std::uint8_t, 32> bytes{};
  bytes[0] = first;
  return *crypto::Seed::from(bytes);
}

// Pearson's statistic of `count` samples against the distribution itself, values beyond `edge` as one
// bin; returns it with its degrees of freedom as a normal score (Wilson and Hilferty 1931).
double score_of_fit(Variance variance, int count, int edge, std::uint8_t seed) {
  const double sigma2 =
      static_cast<double>(variance.numerator) / static_cast<double>(variance.denominator);
  std::map<std::int64_t, double> weight;
  double total = 0;
  for (int x = -20 * edge; x <= 20 * edge; ++x) {
    const double w = std::exp(-x * x / (2 * sigma2));
    total += w;
    weight[std::abs(x) > edge ? edge + 1 : x] += w;
  }
  std::map<std::int64_t, int> seen;
  RandomStream random(seed_of(seed));
  const DiscreteGaussian gaussian(variance);
  for (int i = 0; i < count; ++i) {
    const auto x = gaussian.sample(random);
    ++seen[std::abs(x) > edge ? edge + 1 : x];
  }
  double statistic = 0;
  for (const auto& [x, w] : weight) {
    const double expected = count * w / total;
    statistic += (seen[x] - expected) * (seen[x] - expected) / expected;
  }
  const double freedom = static_cast<double>(weight.size()) - 1;
  const double shrunk = 2 / (9 * freedom);
  return (std::cbrt(statistic / freedom) - (1 - shrunk)) / std::sqrt(shrunk);
}

}  // namespace

// Fixed seeds: five standard scores would be a false alarm once in three million seeds.
TEST_CASE("samples follow the discrete Gaussian, for small, fractional and large variances") {
  CHECK(std::abs(score_of_fit({1, 4}, 40'000, 2, 1)) < 5);
  CHECK(std::abs(score_of_fit({1, 1}, 40'000, 4, 2)) < 5);
  CHECK(std::abs(score_of_fit({37, 5}, 40'000, 9, 3)) < 5);
  CHECK(std::abs(score_of_fit({900, 1}, 60'000, 90, 4)) < 5);
}

TEST_CASE("a wrong variance is found by the same statistic") {
  // Twice the variance against the original's weights.
  const double sigma2 = 2;
  RandomStream random(seed_of(5));
  const DiscreteGaussian gaussian({2, 1});
  double square = 0;
  for (int i = 0; i < 40'000; ++i) {
    const auto x = static_cast<double>(gaussian.sample(random));
    square += x * x;
  }
  CHECK(std::abs(square / 40'000 - sigma2) < 5 * sigma2 * std::sqrt(2.0 / 40'000));
}

TEST_CASE("very large variances neither overflow nor lose their spread") {
  RandomStream random(seed_of(6));
  const DiscreteGaussian gaussian({1ULL << 56, 1 << 16});  // sigma = 2^20
  double square = 0;
  for (int i = 0; i < 4'000; ++i) {
    const auto x = static_cast<double>(gaussian.sample(random)) * 0x1p-20;
    square += x * x;
  }
  CHECK(std::abs(square / 4'000 - 1) < 5 * std::sqrt(2.0 / 4'000));
}

TEST_CASE("the same seed gives the same samples") {
  RandomStream first(seed_of(7));
  RandomStream again(seed_of(7));
  const DiscreteGaussian gaussian({100, 1});
  for (int i = 0; i < 1000; ++i) CHECK(gaussian.sample(first) == gaussian.sample(again));
}

TEST_CASE("variances out of range are refused") {
  for (const Variance bad : {Variance{0, 1}, Variance{1, 0}, Variance{1, (1U << 16) + 1},
                             Variance{(1ULL << 40) + 1, 1}}) {
    CHECK_THROWS_AS(DiscreteGaussian{bad}, std::invalid_argument);
  }
}

TEST_CASE("below() is uniform and in range, also for bounds that do not divide 2^64") {
  RandomStream random(seed_of(8));
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 30'000; ++i) ++seen[random.below(3)];
  CHECK(seen.size() == 3);
  for (const auto& [value, count] : seen) CHECK(std::abs(count - 10'000) < 5 * 82);
  for (int i = 0; i < 1000; ++i) CHECK(random.below((1ULL << 63) + 1) <= 1ULL << 63);
}
