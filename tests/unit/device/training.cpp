// What the training loop makes of bad gradients and reports, and of clipping and noise.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>
#include <limits>

#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/gaussian.h"
#include "tests/unit/device/site.hpp"

using namespace device_test;

TEST_CASE("a trainer that fails or reports nonsense costs the round, nothing more") {
  REQUIRE(sodium_init() >= 0);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  struct Row {
    const char* what;
    Fault fault;
    trib_status status;
  };
  const std::vector<Row> rows = {
      {"failure", {TRIB_MALFORMED, {}, {}}, TRIB_TRAINER},
      {"NaN in the gradient", {TRIB_OK, nan, {}}, TRIB_NOT_FINITE},
      {"infinity in the gradient", {TRIB_OK, infinity, {}}, TRIB_NOT_FINITE},
      {"NaN loss", {TRIB_OK, {}, trib_batch_report{nan, 1, 4}}, TRIB_NOT_FINITE},
      {"negative loss", {TRIB_OK, {}, trib_batch_report{-1.0F, 1, 4}}, TRIB_TRAINER},
      {"more correct than seen", {TRIB_OK, {}, trib_batch_report{1.0F, 5, 4}}, TRIB_TRAINER},
      {"an empty batch", {TRIB_OK, {}, trib_batch_report{1.0F, 0, 0}}, TRIB_TRAINER},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Site site;
    site.fault = row.fault;
    site.open_round(1);
    Device device(site);
    device.run(5000);
    CHECK(device.said.contains(row.status));
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
    CHECK(site.sealed_seen.empty());
    site.fault.reset();
    site.open_round(2);
    device.run(5000);
    CHECK(site.receipts.contains(2));
  }
}

TEST_CASE("keys that went away while training end the round without a chunk") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  Device device(site);
  while (device.training_steps == 0) device.run_once();
  site.show_keys(2, false);
  device.run(5000);
  CHECK(device.said.contains(TRIB_BAD_CONTEXT));
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  CHECK(site.sealed_seen.empty());
}

TEST_CASE("Gaussian noise has its moments, no repetition, and follows from its key") {
  REQUIRE(sodium_init() >= 0);
  constexpr std::uint32_t count = 100001;
  unsigned char key[TRIB_KEY_BYTES] = {1};
  std::vector<float> values(count, 5.0F);
  trib_add_gaussian(&trib_posix_crypto, values.data(), count, 2.0F, key);
  double mean = 0;
  double square = 0;
  double fourth = 0;
  for (const float value : values) {
    const double z = (static_cast<double>(value) - 5) / 2;
    mean += z / count;
    square += z * z / count;
    fourth += z * z * z * z / count;
  }
  // Five standard errors.
  CHECK(std::abs(mean) < 5 / std::sqrt(count));
  CHECK(std::abs(square - 1) < 5 * std::sqrt(2.0 / count));
  CHECK(std::abs(fourth - 3) < 5 * std::sqrt(96.0 / count));
  std::vector<float> again(count, 5.0F);
  trib_add_gaussian(&trib_posix_crypto, again.data(), count, 2.0F, key);
  CHECK(again == values);
  for (std::size_t i = 16; i < 160; ++i) {
    CHECK(values[i] != values[i - 16]);
    CHECK(values[i] != values[i - 1]);
  }
  key[0] = 2;
  trib_add_gaussian(&trib_posix_crypto, again.data(), 1, 2.0F, key);
  CHECK(again[0] - values[0] != values[0] - 5.0F);
}

namespace {

// The model words of a round under these training terms.
std::vector<double> update_under(float clipping_norm, float noise) {
  Site site;
  auto terms = site.context(1);
  terms.mutable_training()->set_clipping_norm(clipping_norm);
  terms.mutable_training()->set_dp_noise(noise);
  site.open_round(terms);
  Device device(site);
  device.run(5000);
  REQUIRE(site.contributions.contains(1));
  const auto& sum = site.contributions.at(1);
  std::vector<double> update;
  // Scale 2^20 and weight one half, see Site::context.
  for (std::size_t j = 0; j < parameters; ++j) {
    update.push_back(static_cast<double>(sum[j]) / (1 << 19));
  }
  return update;
}

double norm(const std::vector<double>& values) {
  double square = 0;
  for (const double value : values) square += value * value;
  return std::sqrt(square);
}

}  // namespace

TEST_CASE("each step's gradient is clipped to its norm, and not scaled up") {
  REQUIRE(sodium_init() >= 0);
  const auto free = update_under(0, 0);
  const auto loose = update_under(1000, 0);
  const auto clipped = update_under(2, 0);
  CHECK(norm(free) > 5);
  CHECK(norm(loose) == doctest::Approx(norm(free)));
  // Three steps of rate 0.1 with gradients that point almost the same way.
  CHECK(norm(clipped) <= 0.6 + 1e-3);
  CHECK(norm(clipped) > 0.5);
}

TEST_CASE("local noise has the standard deviation of its terms, and needs a clipping norm") {
  REQUIRE(sodium_init() >= 0);
  const auto clean = update_under(2, 0);
  auto noisy = update_under(2, 0.5F);
  for (std::size_t j = 0; j < parameters; ++j) noisy[j] -= clean[j];
  // Three steps of rate 0.1: 0.1 * 0.5 * 2 * sqrt(3), known to 5 % from 200 coordinates.
  const double deviation = norm(noisy) / std::sqrt(parameters);
  CHECK(deviation > 0.75 * 0.1732);
  CHECK(deviation < 1.25 * 0.1732);
  CHECK(update_under(0, 0.5F) == update_under(0, 0));
}
