// Whose keys a device accepts, and rounds with several helpers.
#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>

#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

const std::string keys_topic = "tributary/v1/site/keys";

trib_status show(Device& device, const v1::SiteKeys& keys) {
  const std::string bytes = keys.SerializeAsString();
  return trib_client_message(device.client, keys_topic.c_str(), bytes.data(), bytes.size());
}

}  // namespace

TEST_CASE(
    "a gateway's key that breaks a rule does not let the device in; a good one beside it does") {
  REQUIRE(sodium_init() >= 0);
  struct Row {
    const char* what;
    Site::Change change;
    trib_status status;
  };
  const std::vector<Row> rows = {
      {"tenant", [](auto& c, auto&) { c.set_tenant("other"); }, TRIB_BAD_CONTEXT},
      {"another gateway",
       [](auto& c, auto& e) {
         c.set_subject_id(std::string(16, 'x'));
         e.set_subject_id(std::string(16, 'x'));
       },
       TRIB_BAD_CONTEXT},
      {"subjects differ", [](auto&, auto& e) { e.set_subject_id(std::string(16, 'x')); },
       TRIB_BAD_CONTEXT},
      {"roles differ", [](auto&, auto& e) { e.set_role(v1::ROLE_HELPER); }, TRIB_BAD_CONTEXT},
      {"a device's role",
       [](auto& c, auto& e) {
         c.set_role(v1::ROLE_DEVICE);
         e.set_role(v1::ROLE_DEVICE);
       },
       TRIB_BAD_CONTEXT},
      {"another identity key", [](auto& c, auto&) { c.set_public_key(std::string(32, 'x')); },
       TRIB_BAD_SIGNATURE},
      {"expired certificate", [](auto& c, auto&) { c.set_not_after(1799999999); }, TRIB_STALE},
      {"expired epoch key", [](auto&, auto& e) { e.set_not_after(1799999999); }, TRIB_STALE},
      {"low-order key", [](auto&, auto& e) { e.set_public_key(std::string(32, '\0')); },
       TRIB_CRYPTO},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Site site;
    site.retained.clear();
    Device device(site);
    v1::SiteKeys keys;
    *keys.add_keys() = site.gateway_key(row.change);
    CHECK(show(device, keys) == row.status);
    device.run(500);
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_JOINING);
    *keys.add_keys() = site.gateway_key([](auto&, auto&) {});
    CHECK(show(device, keys) == row.status);
    device.run(500);
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  }
}

TEST_CASE("an epoch key signed under another label is not one") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.retained.clear();
  Device device(site);
  v1::SiteKeys keys;
  *keys.add_keys() = site.gateway_key([](auto&, auto&) {}, "cert");
  CHECK(show(device, keys) == TRIB_BAD_SIGNATURE);
}

TEST_CASE("R11: a device without a clock does not judge expiry or deadlines") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.unix_seconds = 0;
  site.retained.clear();
  Device device(site);
  v1::SiteKeys keys;
  *keys.add_keys() = site.gateway_key([](auto& c, auto& e) {
    c.set_not_after(1);
    e.set_not_after(1);
  });
  CHECK(show(device, keys) == TRIB_OK);
}

TEST_CASE("two and three helpers: every mask and ticket in the context's order") {
  REQUIRE(sodium_init() >= 0);
  for (const std::uint32_t helpers : {2U, 3U}) {
    Site site(helpers);
    site.open_round(1);
    Device device(site);
    device.run(5000);
    REQUIRE(site.contributions.contains(1));
    CHECK(std::ranges::equal(site.contributions.at(1), site.revealed));
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  }
}

TEST_CASE("of more helpers than a device has room for, those shown last are known") {
  REQUIRE(sodium_init() >= 0);
  Site site(10);
  site.show_helpers({0, 1, 2});
  Device device(site);
  device.run(500);
  site.show_helpers({3, 4, 5, 6});
  device.run(500);
  site.show_helpers({0, 1, 2, 7});
  device.run(500);
  site.open_round(1);
  device.run(5000);
  CHECK(site.receipts.contains(1));
  site.show_helpers({3, 4, 5, 6, 7, 8, 9});
  device.run(500);
  site.open_round(2);
  device.run(5000);
  CHECK(device.said.contains(TRIB_BAD_CONTEXT));
  site.show_helpers({0, 1, 2, 3, 4, 5, 6});
  device.run(5000);
  CHECK(site.receipts.contains(2));
}

TEST_CASE("a helper's next epoch replaces the one before") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  Device device(site);
  device.run(500);
  site.show_keys(2, false);
  site.open_round(1);
  device.run(5000);
  CHECK(device.said.contains(TRIB_BAD_CONTEXT));
  site.show_keys(1, false);
  device.run(5000);
  CHECK(site.receipts.contains(1));
}

TEST_CASE("the MQTT credentials are the identity's") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  const Device device(site);
  char id[33];
  unsigned char psk[TRIB_KEY_BYTES];
  trib_client_mqtt_identity(device.client, id, psk);
  CHECK(std::string(id) == site.device.hex());
  CHECK(std::ranges::all_of(psk, [](unsigned char byte) { return byte == 'p'; }));
}
