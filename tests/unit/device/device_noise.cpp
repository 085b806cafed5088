// PROTOCOL.md 6.3 in the client: what leaves has the noise, the same at every attempt, and rule D4 asks for enough of it.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>

#include "crypto/quantise.hpp"
#include "device-protocol/cpp/context.hpp"
#include "tests/unit/device/site.hpp"

using namespace tributary;
using namespace device_test;

namespace {

v1::RoundContext noisy(const Site& site, std::uint64_t round, float noise) {
  auto context = site.context(round);
  context.set_minimum_reader_version(4);
  context.mutable_encoding()->set_scale_log2(16);
  context.mutable_encoding()->set_weight_scale_log2(16);
  auto& privacy = *context.mutable_privacy();
  privacy.set_device_noise(noise);
  privacy.set_participation_cap(100);
  privacy.set_separation(1);
  privacy.set_band(1);
  return context;
}

crypto::EncodingPlan plan_of(const v1::RoundContext& context) {
  return std::get<wire::Context>(wire::parse_context(context.SerializeAsString())).encoding;
}

bool contributes(Site& site, Device& device, const v1::RoundContext& context) {
  site.open_round(context);
  device.run(5000);
  return site.receipts.contains(context.round());
}

void provision(Site& site, float floor) {
  v1::DeviceIdentity identity;
  auto& record = site.records.at(TRIB_RECORD_IDENTITY);
  REQUIRE(identity.ParseFromArray(record.data(), static_cast<int>(record.size())));
  identity.set_device_noise_floor(floor);
  const auto bytes = identity.SerializeAsString();
  record.assign(bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("6.3: the words that leave are those without noise and noise of the promised deviation") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.steady = -0.05F;  // 3 steps of 0.1: a delta of 0.015, half the weight
  Device device(site);
  const auto terms = noisy(site, 1, 0.01F);
  REQUIRE(contributes(site, device, terms));
  const auto& words = site.contributions.at(1);
  const auto sigma = plan_of(terms).device_noise_deviation();
  CHECK(sigma.model == std::ceil(double{0.01F} * std::ldexp(10, 16)));
  double square = 0;
  for (std::uint32_t j = 0; j < parameters; ++j) {
    const double noise = static_cast<double>(words[j]) - 0.5 * 0.015 * 65536;
    square += noise * noise / parameters;
  }
  // A sample variance of 200: five of its deviations are half of it.
  CHECK(std::abs(square / (sigma.model * sigma.model) - 1) < 0.5);
  CHECK(words[parameters] != 32768);
  CHECK(std::abs(static_cast<double>(words[parameters]) - 32768) < 6 * sigma.metric);
  for (std::uint32_t j = parameters + 3; j < words.size(); ++j) CHECK(words[j] == 0);
  // What is told before masking is what is counted: the sums of a demonstration stay exact.
  CHECK(std::equal(words.begin(), words.end(), site.revealed.begin()));
}

TEST_CASE("6.3: reset in the middle of an upload, the chunks are the same to the byte") {
  REQUIRE(sodium_init() >= 0);
  int total = 0;
  {
    Site site;
    Device device(site);
    REQUIRE(contributes(site, device, noisy(site, 1, 0.01F)));
    total = site.actions;
  }
  for (int cut = 0; cut < total; ++cut) {
    CAPTURE(cut);
    Site site;
    site.cut_at = cut;
    site.open_round(noisy(site, 1, 0.01F));
    {
      Device device(site);
      if (device.started == TRIB_OK) device.run(5000);
    }
    site.dead = false;
    site.cut_at.reset();
    Device again(site);
    again.run(5000);
    CHECK(site.receipts.contains(
        1));  // the site compares every sealed chunk with the first of its nonce
  }
}

TEST_CASE("6.3: no two rounds and no two devices have the same noise") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.steady = 0.0F;
  Device device(site);
  REQUIRE(contributes(site, device, noisy(site, 1, 0.01F)));
  REQUIRE(contributes(site, device, noisy(site, 2, 0.01F)));
  CHECK(site.contributions.at(1) != site.contributions.at(2));
  Site other;
  other.steady = 0.0F;
  Device second(other);
  REQUIRE(contributes(other, second, noisy(other, 1, 0.01F)));
  CHECK(other.contributions.at(1) != site.contributions.at(1));
}

TEST_CASE("D4: less device noise than the floor, or none, is refused; so is what is no noise") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  provision(site, 0.01F);
  Device device(site);
  CHECK_FALSE(contributes(site, device, site.context(1)));
  CHECK_FALSE(contributes(site, device, noisy(site, 2, 0.009F)));
  CHECK_FALSE(contributes(site, device, noisy(site, 3, NAN)));
  CHECK_FALSE(contributes(site, device, noisy(site, 4, -1.0F)));
  CHECK_FALSE(contributes(site, device, noisy(site, 5, 1e6F)));  // no room for it
  auto old = noisy(site, 6, 0.01F);
  old.set_minimum_reader_version(3);
  CHECK_FALSE(contributes(site, device, old));
  auto endless = noisy(site, 7, 0.01F);
  endless.mutable_privacy()->set_participation_cap(0);
  CHECK_FALSE(contributes(site, device, endless));
  CHECK(contributes(site, device, noisy(site, 8, 0.01F)));
}

TEST_CASE("6.3: device and server leave the same room for the devices' noise") {
  REQUIRE(sodium_init() >= 0);
  // The largest n_max each takes, for a wide and a narrow noise.
  for (const float noise : {0.02F, 0.2F}) {
    std::uint32_t server = 0;
    std::uint64_t round = 1;
    Site site;
    Device device(site);
    for (std::uint32_t n_max = 5; n_max < 40000; n_max = n_max * 5 / 4 + 1) {
      auto terms = noisy(site, round++, noise);
      terms.set_n_max(n_max);
      const auto parsed = wire::parse_context(terms.SerializeAsString());
      const bool fits = std::holds_alternative<wire::Context>(parsed);
      if (fits) server = n_max;
      CHECK(contributes(site, device, terms) == fits);
    }
    CHECK(server > 5);
    CHECK(server < 32000);
  }
}
