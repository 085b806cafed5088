#include "crypto/privacy/rdp_accountant.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "crypto/privacy/gaussian_accountant.hpp"
#include "tests/unit/vectors.hpp"

using namespace tributary;
using namespace tributary::privacy;

namespace {

double number(const boost::json::value& row, const char* member) {
  return row.at(member).to_number<double>();
}

// E over N(0, z^2) of (1 - q + q e^((2x-1)/(2 z^2)))^alpha, by the trapezoid rule.
double moment_by_integration(double q, double z, double alpha) {
  double sum = 0;
  const double step = z / 500;
  for (double x = -40 * z; x < 40 * z + alpha; x += step) {
    const double ratio = std::log1p(q * std::expm1((2 * x - 1) / (2 * z * z)));
    sum += std::exp(alpha * ratio - x * x / (2 * z * z)) * step;
  }
  return sum / (z * std::sqrt(2 * 3.14159265358979323846));
}

}  // namespace

TEST_CASE("RDP per step of the vectors") {
  const auto all = tests::read_vectors("privacy.json");
  for (const auto& row : all.at("rdp_per_step").as_array()) {
    CAPTURE(boost::json::serialize(row));
    CHECK(subsampled_gaussian_rdp(number(row, "q"), number(row, "noise_multiplier"),
                                  number(row, "alpha")) ==
          doctest::Approx(number(row, "rdp")).epsilon(1e-7));
  }
}

TEST_CASE("property 14: epsilon is at most the reference's bound and at least the PLD value") {
  const auto all = tests::read_vectors("privacy.json");
  const auto& table = all.at("rdp_subsampled_gaussian");
  const double tolerance = number(table, "tolerance");
  for (const auto& row : table.at("rows").as_array()) {
    CAPTURE(boost::json::serialize(row));
    const double epsilon =
        rdp_epsilon(number(row, "q"), number(row, "noise_multiplier"),
                    row.at("steps").to_number<std::uint64_t>(), number(row, "delta"));
    CHECK(epsilon <= number(row, "upper_dp_accounting") + tolerance);
    CHECK(epsilon >= number(row, "lower_pld"));
    CHECK(std::abs(epsilon - number(row, "epsilon")) <= tolerance);
  }
}

TEST_CASE("RDP agrees with numerical integration, for integer and other orders") {
  for (const double q : {0.003, 0.1, 0.4, 0.9}) {
    for (const double z : {0.8, 2.0, 5.0}) {
      for (const double alpha : {1.1, 1.5, 2.0, 2.7, 5.0, 7.3}) {
        CAPTURE(q);
        CAPTURE(z);
        CAPTURE(alpha);
        const double expected = std::log(moment_by_integration(q, z, alpha)) / (alpha - 1);
        CHECK(subsampled_gaussian_rdp(q, z, alpha) == doctest::Approx(expected).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("sampling nobody costs nothing, sampling all costs what the Gaussian does") {
  CHECK(subsampled_gaussian_rdp(0, 1, 3) == 0);
  CHECK(rdp_epsilon(0, 1, 1000, 1e-6) == 0);
  CHECK(subsampled_gaussian_rdp(1, 2, 3) == doctest::Approx(3.0 / 8));
  CHECK(subsampled_gaussian_rdp(1 - 1e-12, 2, 3) == doctest::Approx(3.0 / 8).epsilon(1e-6));
  for (const std::uint64_t steps : {1U, 10U, 100U}) {
    CHECK(rdp_epsilon(1, 5, steps, 1e-6) >= gaussian_epsilon(5, steps, 1e-6));
  }
}

TEST_CASE("epsilon grows with steps and sampling rate, and falls with noise") {
  CHECK(rdp_epsilon(0.01, 1, 1001, 1e-5) > rdp_epsilon(0.01, 1, 1000, 1e-5));
  CHECK(rdp_epsilon(0.011, 1, 1000, 1e-5) > rdp_epsilon(0.01, 1, 1000, 1e-5));
  CHECK(rdp_epsilon(0.01, 1.1, 1000, 1e-5) < rdp_epsilon(0.01, 1, 1000, 1e-5));
}

TEST_CASE("rates, multipliers and deltas out of range are refused") {
  CHECK_THROWS_AS(rdp_epsilon(1.01, 1, 1, 1e-5), std::invalid_argument);
  CHECK_THROWS_AS(rdp_epsilon(-0.1, 1, 1, 1e-5), std::invalid_argument);
  CHECK_THROWS_AS(rdp_epsilon(0.1, 0, 1, 1e-5), std::invalid_argument);
  CHECK_THROWS_AS(rdp_epsilon(0.1, 1, 1, 1), std::invalid_argument);
}
