// Parts that a build may leave out: with them a round that needs them is taken, without them it is refused, and
// nothing else changes. Linked with the whole library, and with the least one.
#include <doctest/doctest.h>
#include <sodium.h>

#include <functional>

#include "device-protocol/src/parts.h"
#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

void check_taken(const char* part, bool there, const std::function<void(v1::RoundContext&)>& ask) {
  CAPTURE(part);
  CAPTURE(there);
  Site site;
  auto terms = site.context(1);
  terms.set_minimum_reader_version(4);
  ask(terms);
  site.open_round(terms);
  Device device(site);
  REQUIRE(device.started == TRIB_OK);
  device.run(5000);
  CHECK(site.receipts.contains(1) == there);
  CHECK(device.said.contains(TRIB_BAD_CONTEXT) != there);
  // A plain round is for everybody.
  site.open_round(2);
  device.run(5000);
  CHECK(site.receipts.contains(2));
}

}  // namespace

TEST_CASE("parts: a round is taken by who has what it needs, and refused by who has not") {
  REQUIRE(sodium_init() >= 0);
  check_taken("none", true, [](v1::RoundContext&) {});
  check_taken("rotation", TRIB_WITH_ROTATION != 0,
              [](v1::RoundContext& terms) { terms.mutable_encoding()->set_rotated(true); });
  check_taken("subset", TRIB_WITH_SUBSET != 0, [](v1::RoundContext& terms) {
    terms.mutable_subset()->set_first(50);
    terms.mutable_subset()->set_count(100);
  });
  check_taken("local noise", TRIB_WITH_NOISE != 0, [](v1::RoundContext& terms) {
    terms.mutable_training()->set_clipping_norm(1);
    terms.mutable_training()->set_dp_noise(0.01F);
  });
}
