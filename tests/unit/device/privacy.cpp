// Rules D4 and D5: what the fleet authority provisioned, and how often a device takes part.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>

#include "device-protocol/src/client_state.h"
#include "tests/unit/device/site.hpp"

using namespace tributary;
using namespace device_test;

namespace {

void provision(Site& site, const std::function<void(v1::DeviceIdentity&)>& change) {
  v1::DeviceIdentity identity;
  auto& record = site.records.at(TRIB_RECORD_IDENTITY);
  REQUIRE(identity.ParseFromArray(record.data(), static_cast<int>(record.size())));
  change(identity);
  const auto bytes = identity.SerializeAsString();
  record.assign(bytes.begin(), bytes.end());
}

v1::RoundContext trusting(const Site& site, std::uint64_t round) {
  auto context = site.context(round);
  context.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
  context.set_minimum_reader_version(3);
  return context;
}

v1::RoundContext noisy(const Site& site, std::uint64_t round) {
  auto context = site.context(round);
  context.set_minimum_reader_version(3);
  auto& privacy = *context.mutable_privacy();
  privacy.set_noise_multiplier(1);
  privacy.set_participation_cap(3);
  privacy.set_separation(2);
  privacy.set_band(2);
  return context;
}

// Whether the device contributes to this round, offered now.
bool contributes(Site& site, Device& device, const v1::RoundContext& context) {
  site.open_round(context);
  device.run(5000);
  return site.receipts.contains(context.round());
}

}  // namespace

TEST_CASE("D4: only a device provisioned to trust its gateway uploads without a mask") {
  REQUIRE(sodium_init() >= 0);
  Site site(0);
  {
    Device careful(site);
    CHECK_FALSE(contributes(site, careful, trusting(site, 1)));
    CHECK(careful.said.contains(TRIB_BAD_CONTEXT));
  }
  provision(site, [](auto& identity) { identity.set_trust_gateway(true); });
  Device trustful(site);
  auto old = trusting(site, 2);
  old.set_minimum_reader_version(2);
  CHECK_FALSE(contributes(site, trustful, old));
  CHECK(contributes(site, trustful, trusting(site, 3)));
  CHECK(site.contributions.at(3)[parameters] > 0);  // its weight, read without removing anything
}

TEST_CASE("D4: a trusted gateway beside helpers is nobody's mode") {
  REQUIRE(sodium_init() >= 0);
  Site site(1);
  provision(site, [](auto& identity) { identity.set_trust_gateway(true); });
  Device device(site);
  CHECK_FALSE(contributes(site, device, trusting(site, 1)));
}

TEST_CASE("D4: less noise than the floor, or none, is refused") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  provision(site, [](auto& identity) { identity.set_noise_floor(1); });
  Device device(site);
  CHECK_FALSE(contributes(site, device, site.context(1)));
  auto context = noisy(site, 2);
  context.mutable_privacy()->set_noise_multiplier(0.99F);
  CHECK_FALSE(contributes(site, device, context));
  context.mutable_privacy()->set_noise_multiplier(NAN);
  CHECK_FALSE(contributes(site, device, context));
  // One of two consecutive rounds is that of its cohort.
  const bool third = contributes(site, device, noisy(site, 3));
  CHECK((third || contributes(site, device, noisy(site, 4))));
}

TEST_CASE("D5: rounds are as far apart and as many as the context says, across resets") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  std::vector<std::uint64_t> taken;
  for (std::uint64_t round = 1; round <= 12; ++round) {
    Device device(site);  // boots anew for every round
    if (contributes(site, device, noisy(site, round))) taken.push_back(round);
  }
  // Its cohort's rounds, every second one, three of them.
  REQUIRE(taken.size() == 3);
  CHECK(taken[0] <= 2);
  CHECK(taken == std::vector<std::uint64_t>{taken[0], taken[0] + 2, taken[0] + 4});
}

TEST_CASE("D5: a cohort's round comes too early for a device that dropped a round in between") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  auto context = noisy(site, 1);
  context.mutable_privacy()->set_separation(1);
  context.mutable_privacy()->set_band(1);
  Device device(site);
  REQUIRE(contributes(site, device, context));
  for (std::uint64_t round = 2; round <= 3; ++round) {
    auto apart = noisy(site, round);
    apart.mutable_privacy()->set_separation(3);
    CHECK_FALSE(contributes(site, device, apart));
  }
}

TEST_CASE("D5: terms under which the noise would not cover the participations are refused") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  Device device(site);
  auto context = noisy(site, 1);
  SUBCASE("participations closer than the band") {
    context.mutable_privacy()->set_separation(1);
  }
  SUBCASE("no participation") {
    context.mutable_privacy()->set_participation_cap(0);
  }
  SUBCASE("no band") {
    context.mutable_privacy()->set_band(0);
  }
  SUBCASE("a reader that would not look at them") {
    context.set_minimum_reader_version(2);
  }
  CHECK_FALSE(contributes(site, device, context));
}

TEST_CASE("D5: the odometer counts over all tasks and stops the device for good") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  provision(site, [](auto& identity) { identity.set_participation_cap(2); });
  CHECK(contributes(site, *std::make_unique<Device>(site), site.context(1)));
  site.task.bytes[0] ^= 1;
  CHECK(contributes(site, *std::make_unique<Device>(site), site.context(2)));
  site.task.bytes[0] ^= 2;
  CHECK_FALSE(contributes(site, *std::make_unique<Device>(site), site.context(3)));
}
