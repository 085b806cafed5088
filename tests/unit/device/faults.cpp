// Storage and network that refuse single actions, alone and before a power cut, and keys that change under an
// upload. Site checks throughout that no nonce carries two vectors and no round two contributions.
#include <doctest/doctest.h>
#include <sodium.h>

#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

// Actions of an undisturbed round.
int actions_of_a_round() {
  Site site;
  site.open_round(1);
  Device device(site);
  device.run(5000);
  REQUIRE(site.receipts.contains(1));
  return site.actions;
}

// Whatever happened in round 1, the device takes part in round 2.
void check_recovers(Site& site, Device& device) {
  site.fail_at.reset();
  site.open_round(2);
  device.run(5000);
  CHECK(site.receipts.contains(2));
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
}

bool uploading(const Site& site) {
  return !site.sealed_seen.empty();
}

}  // namespace

TEST_CASE("one refused write or publish costs at most the round") {
  REQUIRE(sodium_init() >= 0);
  const int total = actions_of_a_round();
  for (int fail = 0; fail < total; ++fail) {
    CAPTURE(fail);
    Site site;
    site.fail_at = fail;
    site.open_round(1);
    Device device(site);
    if (device.started != TRIB_OK) continue;  // the epoch secret could not be saved
    device.run(5000);
    if (trib_client_phase(device.client) == TRIB_PHASE_JOINING)
      trib_client_connected(device.client);
    device.run(5000);
    check_recovers(site, device);
  }
}

TEST_CASE("a refused action, then a power cut: never two vectors under a nonce") {
  REQUIRE(sodium_init() >= 0);
  const int total = actions_of_a_round();
  for (int fail = 0; fail < total; ++fail) {
    for (int cut = fail + 1; cut < total + 2; ++cut) {
      CAPTURE(fail);
      CAPTURE(cut);
      Site site;
      site.fail_at = fail;
      site.cut_at = cut;
      site.open_round(1);
      {
        Device device(site);
        if (device.started == TRIB_OK) device.run(5000);
      }
      site.dead = false;
      site.cut_at.reset();
      site.fail_at.reset();
      Device again(site);
      REQUIRE(again.started == TRIB_OK);
      again.run(5000);
      check_recovers(site, again);
    }
  }
}

namespace {

// A device that has sent the first of its chunks when the helper shows other keys.
struct KeysChange {
  explicit KeysChange(std::uint32_t epoch) {
    site.credit_chunks = 1;
    site.open_round(1);
    device.emplace(site);
    for (int turns = 0; turns < 100 && !uploading(site); ++turns) device->run_once();
    REQUIRE(uploading(site));
    site.show_keys(epoch, epoch == 1);
  }
  Site site;
  std::optional<Device> device;
};

}  // namespace

TEST_CASE("keys that change under an upload wait for its end, then count") {
  REQUIRE(sodium_init() >= 0);
  for (const std::uint32_t epoch : {1U, 2U}) {
    CAPTURE(epoch);
    KeysChange world(epoch);
    world.device->run(5000);
    CHECK(world.site.receipts.contains(1));
    auto next = world.site.context(2);
    next.mutable_helpers(0)->set_epoch(epoch);
    const std::string offer = world.site.offer(next);
    const std::string topic = "tributary/v1/site/offer/" + world.site.task.hex();
    CHECK(trib_client_message(world.device->client, topic.c_str(), offer.data(), offer.size()) ==
          TRIB_OK);
  }
}

TEST_CASE("keys that change under an upload wait for its end also across a reset") {
  REQUIRE(sodium_init() >= 0);
  for (const std::uint32_t epoch : {1U, 2U}) {
    CAPTURE(epoch);
    KeysChange world(epoch);
    Site& site = world.site;
    site.cut_at = site.actions + 1;
    world.device->run(5000);
    REQUIRE(site.dead);
    site.dead = false;
    site.cut_at.reset();
    Device again(site);
    again.run(5000);
    CHECK(site.receipts.contains(1));
  }
}

TEST_CASE("a damaged checkpoint is no checkpoint") {
  REQUIRE(sodium_init() >= 0);
  for (const int record :
       {int{TRIB_RECORD_ROUND}, int{TRIB_RECORD_WEIGHTS}, int{TRIB_RECORD_COUNTERS}}) {
    CAPTURE(record);
    Site site;
    site.credit_chunks = 1;
    site.open_round(1);
    {
      Device device(site);
      for (int turns = 0; turns < 100 && !uploading(site); ++turns) device.run_once();
      REQUIRE(uploading(site));
    }
    // Of the weights, in the first float: the site has that chunk already.
    Bytes& bytes = site.records.at(record);
    bytes.at(record == TRIB_RECORD_WEIGHTS ? bytes.size() - 4 * parameters + 2 : 40) ^= 4;
    Device again(site);
    REQUIRE(again.started == TRIB_OK);
    again.run(5000);
    check_recovers(site, again);
  }
}
