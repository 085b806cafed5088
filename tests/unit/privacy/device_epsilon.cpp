#include "crypto/privacy/device_epsilon.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "crypto/privacy/gaussian_accountant.hpp"
#include "crypto/quantise.hpp"

using namespace tributary::privacy;

TEST_CASE("a device's own noise promises what the Gaussian mechanism of its multiplier does") {
  const double r = tributary::crypto::EncodingPlan::joint_sensitivity();
  for (const double z : {0.5, 1.0, 3.0, 10.0}) {
    for (const std::uint32_t times : {1U, 20U}) {
      CAPTURE(z);
      CAPTURE(times);
      const double local = local_epsilon({z, times}, 1e-6);
      // Renyi accounting is a little above the exact figure of the continuous Gaussian.
      const double exact = gaussian_epsilon(z / r, times, 1e-6);
      CHECK(local >= exact);
      CHECK(local < 1.2 * exact + 0.1);
    }
  }
}

TEST_CASE("n devices' noise is sqrt(n) times as much for a sum, more rounds cost more") {
  const DeviceNoise noise{0.5, 10};
  CHECK(central_epsilon(noise, 1, 1e-6) == local_epsilon(noise, 1e-6));
  CHECK(central_epsilon(noise, 16, 1e-6) == doctest::Approx(local_epsilon({2, 10}, 1e-6)));
  CHECK(central_epsilon(noise, 100, 1e-6) < central_epsilon(noise, 10, 1e-6));
  CHECK(local_epsilon({0.5, 20}, 1e-6) > local_epsilon(noise, 1e-6));
}
