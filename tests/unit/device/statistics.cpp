#include "device-protocol/trainer/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

TEST_CASE("statistics model strings") {
  CHECK(trib_statistics_features("statistics:3") == 3);
  for (const char* bad :
       {"statistics:", "statistics:0", "statistics:3x", "mlp:3-2", "statistics:70000"}) {
    CHECK(trib_statistics_features(bad) == 0);
  }
}

TEST_CASE("two rounds arrive at mean and variance, whatever the scale of a feature") {
  const std::vector<float> features = {1000, 0.002F, 0, 3000, 0.004F, 0, 5000, 0.006F, 0};
  const std::vector<std::uint32_t> labels = {0, 0, 0};
  trib_statistics statistics = {3, {features.data(), labels.data(), 3}};
  std::vector<float> weights(9, 0.0F);
  for (int round = 0; round < 2; ++round) {
    std::vector<float> gradient(9);
    trib_batch_report report;
    REQUIRE(trib_statistics_gradient(&statistics, weights.data(), gradient.data(), 1, 0, 0,
                                     &report) == TRIB_OK);
    for (std::size_t j = 0; j < 9; ++j) weights[j] -= gradient[j];
  }
  const double means[] = {3000, 0.004, 0};
  const double deviations[] = {std::sqrt(8e6 / 3), std::sqrt(8e-6 / 3), 0};
  for (std::size_t j = 0; j < 3; ++j) {
    const double unit = std::exp2(double{weights[j]});
    const double mean = double{weights[3 + j]};
    CHECK(unit * mean == doctest::Approx(means[j]).epsilon(1e-4));
    CHECK(unit * std::sqrt(double{weights[6 + j]} - mean * mean) ==
          doctest::Approx(deviations[j]).epsilon(1e-3));
  }
}

TEST_CASE("values of no sane magnitude are clamped, never infinite") {
  const std::vector<float> features = {1e38F, 1e-38F, -1e38F, 1e-38F};
  const std::vector<std::uint32_t> labels = {0, 0};
  trib_statistics statistics = {2, {features.data(), labels.data(), 2}};
  std::vector<float> weights(6, 0.0F);
  std::vector<float> gradient(6);
  trib_batch_report report;
  const auto compute = [&] {
    return trib_statistics_gradient(&statistics, weights.data(), gradient.data(), 1, 0, 0, &report);
  };
  REQUIRE(compute() == TRIB_OK);
  CHECK(gradient[0] == -30.5F);
  CHECK(gradient[1] == 29.5F);
  for (std::size_t j = 0; j < 6; ++j) weights[j] -= gradient[j];
  REQUIRE(compute() == TRIB_OK);
  CHECK(report.examples == 2);
  for (const std::size_t j : {2U, 3U, 4U, 5U}) {
    CHECK(std::abs(weights[j] - gradient[j]) <= 16);
  }
  CHECK(gradient[4] == -16);  // the square of 1e38 at any exponent up to 30
}

TEST_CASE("without examples there is nothing to learn") {
  trib_statistics statistics = {1, {nullptr, nullptr, 0}};
  std::vector<float> weights(3), gradient(3);
  trib_batch_report report;
  CHECK(trib_statistics_gradient(&statistics, weights.data(), gradient.data(), 1, 0, 0, &report) ==
        TRIB_TRAINER);
}
