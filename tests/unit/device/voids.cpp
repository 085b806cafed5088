// Rule D3: a model is contributed to once, unless nobody will ever answer for the first time.
#include <doctest/doctest.h>
#include <sodium.h>

#include "device-protocol/src/client_state.h"
#include "tests/unit/device/site.hpp"

using namespace tributary;
using namespace device_test;

namespace {

// Whether the device contributes to this round, offered now.
bool contributes(Site& site, Device& device, std::uint64_t round) {
  site.open_round(round);
  device.run(5000);
  return site.receipts.contains(round);
}

}  // namespace

TEST_CASE("attack: the same model again, for a second sum over nearly the same devices (D3)") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.same_model = true;
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  CHECK_FALSE(contributes(site, device, 2));
  CHECK(device.said.contains(TRIB_STALE));
  Device rebooted(site);
  CHECK_FALSE(contributes(site, rebooted, 3));
  site.same_model = false;
  CHECK(contributes(site, rebooted, 4));
}

TEST_CASE(
    "property 2: with the VOIDs of its helpers a device contributes to the same model again") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.same_model = true;
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  CHECK_FALSE(contributes(site, device, 2));
  site.voids = {site.void_of(1)};  // comes while round 2 is still on offer
  CHECK(contributes(site, device, 2));
  // The next one needs that of round 2.
  CHECK_FALSE(contributes(site, device, 3));
  site.voids = {site.void_of(1), site.void_of(2)};
  CHECK(contributes(site, device, 3));
}

TEST_CASE("D3: a VOID that is not the one needed counts for nothing") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.same_model = true;
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  auto statement = site.void_of(1);
  SUBCASE("of another round") {
    statement = site.void_of(2);
  }
  SUBCASE("with a flipped bit in its signature") {
    (*statement.mutable_signature())[7] ^= 1;
  }
  SUBCASE("with a flipped bit in its body") {
    (*statement.mutable_body())[20] ^= 1;
  }
  SUBCASE("for another gateway") {
    const auto own = site.gateway;
    site.gateway.bytes[0] ^= 1;
    statement = site.void_of(1);
    site.gateway = own;
  }
  SUBCASE("for another task") {
    const auto own = site.task;
    site.task.bytes[0] ^= 1;
    statement = site.void_of(1);
    site.task = own;
  }
  site.voids = {statement};
  CHECK_FALSE(contributes(site, device, 2));
}

TEST_CASE("D3: of a wider scope the VOID is that scope's, and no gateway's") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.same_model = true;
  site.scope_id = ScopeId{{7}};
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  const auto right = site.void_of(1);
  SUBCASE("of another scope of the task") {
    site.scope_id = ScopeId{{8}};
    site.voids = {site.void_of(1)};
  }
  SUBCASE("of this gateway alone: nobody asks for its sum") {
    site.scope_id.reset();
    site.voids = {site.void_of(1)};
  }
  site.scope_id = ScopeId{{7}};
  CHECK_FALSE(contributes(site, device, 2));
  Device rebooted(site);  // the scope is remembered on flash
  CHECK_FALSE(contributes(site, rebooted, 3));
  site.voids = {right};
  CHECK(contributes(site, rebooted, 3));
}

TEST_CASE("D3: a VOID of a wider scope does not stand for the gateway's own") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.same_model = true;
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  site.scope_id = ScopeId{{7}};
  site.voids = {site.void_of(1)};
  site.scope_id.reset();
  CHECK_FALSE(contributes(site, device, 2));
}

TEST_CASE("D3: of several helpers each must have promised") {
  REQUIRE(sodium_init() >= 0);
  Site site(3);
  site.same_model = true;
  Device device(site);
  REQUIRE(contributes(site, device, 1));
  site.voids = {site.void_of(1, 0), site.void_of(1, 2), site.void_of(1, 0)};
  CHECK_FALSE(contributes(site, device, 2));
  site.voids = {site.void_of(1, 2), site.void_of(1, 1), site.void_of(1, 0)};
  CHECK(contributes(site, device, 3));
}
