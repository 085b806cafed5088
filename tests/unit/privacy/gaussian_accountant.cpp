#include "crypto/privacy/gaussian_accountant.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "crypto/privacy/normal.hpp"
#include "tests/unit/vectors.hpp"

using namespace tributary;
using namespace tributary::privacy;

namespace {

const auto& vectors() {
  static const auto all = tests::read_vectors("privacy.json");
  return all;
}

double number(const boost::json::value& row, const char* member) {
  return row.at(member).to_number<double>();
}

}  // namespace

TEST_CASE("log of the normal distribution: known values, and no seam between the two formulas") {
  CHECK(log_normal_cdf(0) == doctest::Approx(std::log(0.5)));
  CHECK(log_normal_cdf(-1.959963984540054) == doctest::Approx(std::log(0.025)));
  CHECK(log_normal_cdf(8) == doctest::Approx(-6.22e-16).epsilon(0.01));
  CHECK(log_normal_cdf(-29.9999999) == doctest::Approx(log_normal_cdf(-30.0000001)).epsilon(1e-7));
  CHECK(log_normal_cdf(-100) == doctest::Approx(-5005.524208).epsilon(1e-9));
  CHECK(std::exp(log_add(std::log(3.0), std::log(4.0))) == doctest::Approx(7));
  CHECK(std::exp(log_subtract(std::log(7.0), std::log(4.0))) == doctest::Approx(3));
  CHECK(std::exp(log_subtract(std::log(4.0), std::log(4.0))) == 0);
}

TEST_CASE("exact Gaussian: epsilon of the vectors") {
  for (const auto& row : vectors().at("gaussian_exact").as_array()) {
    CAPTURE(boost::json::serialize(row));
    const double epsilon =
        gaussian_epsilon(number(row, "noise_multiplier"),
                         row.at("participations").to_number<std::uint64_t>(), number(row, "delta"));
    CHECK(std::abs(epsilon - number(row, "epsilon")) < 1e-6);
  }
}

TEST_CASE("exact Gaussian: noise multiplier of the vectors") {
  for (const auto& row : vectors().at("gaussian_inverse_one_release").as_array()) {
    CAPTURE(boost::json::serialize(row));
    const double z = gaussian_noise_multiplier({number(row, "epsilon"), number(row, "delta")}, 1);
    CHECK(std::abs(z - number(row, "noise_multiplier")) < 1e-6);
  }
}

TEST_CASE("epsilon and noise multiplier are inverse, from the safe side") {
  for (const double epsilon : {0.01, 0.5, 2.0, 8.0, 60.0}) {
    for (const double delta : {1e-12, 1e-6, 0.01}) {
      for (const std::uint64_t participations : {1U, 20U, 1000U}) {
        CAPTURE(epsilon);
        CAPTURE(delta);
        CAPTURE(participations);
        const double z = gaussian_noise_multiplier({epsilon, delta}, participations);
        const double spent = gaussian_epsilon(z, participations, delta);
        CHECK(spent <= epsilon + 1e-8 * std::max(1.0, epsilon));
        CHECK(spent == doctest::Approx(epsilon).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("delta of one release is what integrating the privacy loss gives") {
  // delta(e) = integral of max(0, p(x) - e^e q(x)) for p = N(mu, 1), q = N(0, 1).
  const double mu = 1.3;
  const double epsilon = 0.7;
  double integral = 0;
  const double step = 1e-4;
  for (double x = -12; x < 14; x += step) {
    const double p = std::exp(-(x - mu) * (x - mu) / 2);
    const double q = std::exp(-x * x / 2);
    integral += std::max(0.0, p - std::exp(epsilon) * q) * step;
  }
  integral /= std::sqrt(2 * 3.14159265358979323846);
  CHECK(gaussian_delta(mu, epsilon) == doctest::Approx(integral).epsilon(1e-6));
}

TEST_CASE("more participations or less noise never cost less") {
  double last = 0;
  for (std::uint64_t t = 1; t < 3000; t += 97) {
    const double epsilon = gaussian_epsilon(5, t, 1e-6);
    CHECK(epsilon > last);
    CHECK(gaussian_epsilon(4.9, t, 1e-6) > epsilon);
    CHECK(gaussian_epsilon(5, t, 1e-7) > epsilon);
    last = epsilon;
  }
  CHECK(gaussian_epsilon(1e9, 1, 1e-6) == 0);
}

TEST_CASE("noise to signal: the figures of protocol section 8") {
  const double z = gaussian_noise_multiplier({8, 1e-6}, 20);
  CHECK(noise_to_signal(z, 100'000, 100) == doctest::Approx(9.2).epsilon(0.01));
  CHECK(noise_to_signal(z, 100'000, 1'000) == doctest::Approx(0.92).epsilon(0.01));
  CHECK(noise_to_signal(z, 100'000, 100'000) == doctest::Approx(0.0092).epsilon(0.01));
}

TEST_CASE("what makes no sense is refused") {
  CHECK_THROWS_AS(gaussian_epsilon(0, 1, 1e-6), std::invalid_argument);
  CHECK_THROWS_AS(gaussian_epsilon(-1, 1, 1e-6), std::invalid_argument);
  CHECK_THROWS_AS(gaussian_epsilon(NAN, 1, 1e-6), std::invalid_argument);
  for (const double delta : {0.0, 1.0, -1.0, double{NAN}}) {
    CHECK_THROWS_AS(gaussian_epsilon(1, 1, delta), std::invalid_argument);
    CHECK_THROWS_AS(gaussian_noise_multiplier({1, delta}, 1), std::invalid_argument);
  }
  CHECK_THROWS_AS(gaussian_noise_multiplier({0, 1e-6}, 1), std::invalid_argument);
  CHECK_THROWS_AS(gaussian_noise_multiplier({INFINITY, 1e-6}, 1), std::invalid_argument);
  CHECK_THROWS_AS(gaussian_noise_multiplier({1, 1e-6}, 0), std::invalid_argument);
}
