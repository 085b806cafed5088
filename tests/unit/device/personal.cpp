// Parameters that stay on the device: trained with the others, kept from round to round, never sent.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>
#include <limits>

#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

constexpr std::uint32_t personal = 5;

// All alike, since their slope is; nullopt: none yet.
std::optional<float> personal_of(Device& device) {
  std::array<float, personal> values{};
  if (trib_client_personal(device.client, values.data()) != TRIB_OK) return std::nullopt;
  for (const float value : values) CHECK(value == values[0]);
  return values[0];
}

Site personal_site() {
  Site site;
  site.personal = personal;
  site.steady = 0.5F;
  return site;
}

// What a round with the slope -1 adds.
float step_of(const Site& site) {
  const auto training = site.context(1).training();
  return static_cast<float>(training.local_steps()) * training.learning_rate();
}

}  // namespace

TEST_CASE("personal parameters learn from round to round; what travels is the same as without") {
  REQUIRE(sodium_init() >= 0);
  Site plain;
  plain.steady = 0.5F;
  plain.open_round(1);
  Device(plain).run(5000);
  auto site = personal_site();
  site.open_round(1);
  Device device(site);
  CHECK_FALSE(personal_of(device));
  device.run(5000);
  REQUIRE(site.receipts.contains(1));
  CHECK(site.contributions.at(1) == plain.contributions.at(1));
  const float once = step_of(site);
  CHECK(personal_of(device).value() == doctest::Approx(once));
  site.open_round(2);
  device.run(5000);
  REQUIRE(site.receipts.contains(2));
  CHECK(personal_of(device).value() == doctest::Approx(2 * once));
}

TEST_CASE("another task begins with personal parameters of 0") {
  REQUIRE(sodium_init() >= 0);
  auto site = personal_site();
  site.open_round(1);
  Device device(site);
  device.run(5000);
  site.task.bytes[0] ^= 1;
  site.open_round(2);
  device.run(5000);
  REQUIRE(site.receipts.contains(2));
  CHECK(personal_of(device).value() == doctest::Approx(step_of(site)));
}

TEST_CASE("a personal parameter that is not finite costs the round, and the last good ones stay") {
  REQUIRE(sodium_init() >= 0);
  auto site = personal_site();
  site.open_round(1);
  Device device(site);
  device.run(5000);
  site.personal_slope = std::numeric_limits<float>::quiet_NaN();
  site.open_round(2);
  device.run(5000);
  CHECK(device.said.contains(TRIB_NOT_FINITE));
  CHECK_FALSE(site.receipts.contains(2));
  CHECK(personal_of(device).value() == doctest::Approx(step_of(site)));
}

TEST_CASE("a damaged record of personal parameters is as good as none") {
  REQUIRE(sodium_init() >= 0);
  auto site = personal_site();
  site.open_round(1);
  Device device(site);
  device.run(5000);
  site.records.at(TRIB_RECORD_PERSONAL).back() ^= 1;
  CHECK_FALSE(personal_of(device));
  site.open_round(2);
  device.run(5000);
  REQUIRE(site.receipts.contains(2));
  CHECK(personal_of(device).value() == doctest::Approx(step_of(site)));
}

TEST_CASE("power fails before any action: personal parameters lose at most the steps of a round") {
  REQUIRE(sodium_init() >= 0);
  auto whole = personal_site();
  whole.open_round(1);
  Device(whole).run(5000);
  const float once = step_of(whole);
  for (int cut = 0; cut < whole.actions; ++cut) {
    CAPTURE(cut);
    auto site = personal_site();
    site.cut_at = cut;
    site.open_round(1);
    Device(site).run(5000);
    site.dead = false;
    site.cut_at.reset();
    Device again(site);
    REQUIRE(again.started == TRIB_OK);
    again.run(5000);
    site.open_round(2);
    again.run(5000);
    REQUIRE(site.receipts.contains(2));
    const float value = personal_of(again).value();
    // Kept before the vector is saved: a cut between the two trains the round's last steps once more.
    CHECK(value >= doctest::Approx(once));
    CHECK(value <= doctest::Approx(3 * once));
  }
}
