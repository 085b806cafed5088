#include "crypto/privacy/matrix_noise.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "crypto/privacy/gaussian_noise.hpp"
#include "tests/unit/vectors.hpp"

using namespace tributary;
using namespace tributary::privacy;

namespace {

using Matrix = std::vector<std::vector<double>>;

Matrix toeplitz(std::span<const double> first_column, std::uint32_t size) {
  Matrix c(size, std::vector<double>(size));
  for (std::uint32_t row = 0; row < size; ++row) {
    for (std::uint32_t i = 0; i < first_column.size() && i <= row; ++i) {
      c[row][row - i] = first_column[i];
    }
  }
  return c;
}

// The rule as a device keeps it (device-protocol/src/offer.c).
bool may_take_part(const Participation& rule, const std::vector<std::uint64_t>& taken,
                   std::uint64_t round) {
  if (taken.size() >= rule.cap) return false;
  return taken.empty() || round - taken.back() >= rule.separation;
}

// The largest |C x| over all 0/1 participation patterns that follow the rule: with a matrix of
// non-negative entries the worst updates all point the same way.
double worst_pattern(const Matrix& c, const Participation& rule) {
  const auto size = static_cast<std::uint32_t>(c.size());
  double worst = 0;
  for (std::uint32_t pattern = 0; pattern < 1U << size; ++pattern) {
    std::vector<std::uint64_t> taken;
    bool allowed = true;
    for (std::uint32_t round = 0; round < size && allowed; ++round) {
      if ((pattern >> round & 1) == 0) continue;
      allowed = may_take_part(rule, taken, round);
      taken.push_back(round);
    }
    if (!allowed) continue;
    double squares = 0;
    for (const auto& row : c) {
      double sum = 0;
      for (const auto round : taken) sum += row[round];
      squares += sum * sum;
    }
    worst = std::max(worst, std::sqrt(squares));
  }
  return worst;
}

// Column by column solving C n = z.
std::vector<double> solve(const Matrix& c, const std::vector<double>& z) {
  std::vector<double> n(z.size());
  for (std::size_t row = 0; row < z.size(); ++row) {
    n[row] = z[row];
    for (std::size_t i = 0; i < row; ++i) n[row] -= c[row][i] * n[i];
  }
  return n;
}

crypto::Seed seed_of(std::uint32_t round) {
  std::array<std::uint8_t, 32> bytes{};
  bytes[0] = static_cast<std::uint8_t>(round);
  bytes[31] = 7;
  return *crypto::Seed::from(bytes);
}

void fresh(std::uint32_t round, std::span<double> z) {
  gaussian_noise(seed_of(round), 1.0, z);
}

}  // namespace

TEST_CASE("coefficients, sensitivity and prefix error of the vectors") {
  const auto all = tests::read_vectors("privacy.json");
  for (const auto& row : all.at("banded_sqrt_matrix").as_array()) {
    CAPTURE(boost::json::serialize(row));
    const auto band = row.at("band").to_number<std::uint32_t>();
    const auto rounds = row.at("T").to_number<std::uint32_t>();
    const Participation rule{band, row.at("k").to_number<std::uint32_t>()};
    const BandedRoot root(band);
    double squares = 0;
    for (const double c : root.coefficients()) squares += c * c;
    CHECK(std::abs(root.coefficients().back() - row.at("c_last").to_number<double>()) < 1e-6);
    CHECK(std::abs(squares - row.at("sum_c2").to_number<double>()) < 1e-6);
    CHECK(std::abs(root.sensitivity(rule, rounds) - row.at("sens").to_number<double>()) < 1e-6);
    CHECK(std::abs(root.rms_prefix_error(rule, rounds) - row.at("rms_prefix").to_number<double>()) <
          0.005);
  }
}

TEST_CASE("a band of 1 is independent noise: the baseline of protocol section 8") {
  CHECK(BandedRoot(1).rms_prefix_error({50, 20}, 1000) == doctest::Approx(100.05).epsilon(1e-4));
}

TEST_CASE("the square of the full band is the prefix-sum matrix") {
  const auto c = toeplitz(BandedRoot(12).coefficients(), 12);
  for (std::size_t row = 0; row < 12; ++row) {
    for (std::size_t column = 0; column < 12; ++column) {
      double product = 0;
      for (std::size_t i = 0; i < 12; ++i) product += c[row][i] * c[i][column];
      CHECK(product == doctest::Approx(column <= row ? 1.0 : 0.0));
    }
  }
}

TEST_CASE("sensitivity covers the worst participation of any device that follows the rule") {
  for (const std::uint32_t band : {1U, 2U, 3U, 4U}) {
    for (const std::uint32_t separation : {band, band + 1}) {
      for (const std::uint32_t cap : {1U, 2U, 3U}) {
        CAPTURE(band);
        CAPTURE(separation);
        CAPTURE(cap);
        const BandedRoot root(band);
        const Participation rule{separation, cap};
        const double worst = worst_pattern(toeplitz(root.coefficients(), 12), rule);
        CHECK(root.sensitivity(rule, 12) >= worst - 1e-12);
        // Exact where the last column is not cut off.
        if ((cap - 1) * separation + band <= 12) {
          CHECK(root.sensitivity(rule, 12) == doctest::Approx(worst));
        }
      }
    }
  }
}

TEST_CASE("a rule that lets columns overlap has no sensitivity") {
  CHECK_THROWS_AS(BandedRoot(5).sensitivity({4, 3}, 100), std::invalid_argument);
  CHECK_THROWS_AS(BandedRoot(5).sensitivity({5, 0}, 100), std::invalid_argument);
  CHECK_THROWS_AS(BandedRoot(0), std::invalid_argument);
}

TEST_CASE("noise is C^-1 z, the same whenever it is made again") {
  constexpr std::uint32_t rounds = 9;
  const BandedRoot root(4);
  const auto c = toeplitz(root.coefficients(), rounds);
  std::vector<std::vector<double>> made;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    std::vector<double> out(3);
    root.noise(round, fresh, out);
    std::vector<double> again(3);
    root.noise(round, fresh, again);
    CHECK(out == again);
    made.push_back(out);
  }
  for (std::size_t coordinate = 0; coordinate < 3; ++coordinate) {
    std::vector<double> z;
    for (std::uint32_t round = 0; round < rounds; ++round) {
      std::vector<double> vector(3);
      fresh(round, vector);
      z.push_back(vector[coordinate]);
    }
    const auto expected = solve(c, z);
    for (std::uint32_t round = 0; round < rounds; ++round) {
      CHECK(made[round][coordinate] == doctest::Approx(expected[round]));
    }
  }
}
