// Receiving the model: every chunk in its place, and nothing trained on bytes that were not promised.
#include <doctest/doctest.h>
#include <sodium.h>

#include "tests/unit/device/site.hpp"
#include "tributary/frame.h"

using namespace device_test;

namespace {

// The retained model chunk `index` of the site's model, to be changed.
Bytes& chunk_of(Site& site, int index) {
  for (auto& [topic, payload] : site.retained) {
    if (topic.find("/model/") != std::string::npos &&
        topic.ends_with("/" + std::to_string(index))) {
      return payload;
    }
  }
  FAIL("no such chunk");
  return site.retained.begin()->second;
}

bool fetching(const Device& device) {
  return trib_client_phase(device.client) == TRIB_PHASE_FETCHING;
}

}  // namespace

TEST_CASE("a model with another hash drops the round for good") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  chunk_of(site, 1).back() ^= 1;
  Device device(site);
  device.run(5000);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  CHECK(device.training_steps == 0);
  chunk_of(site, 1).back() ^= 1;
  site.publish_retained("tributary/v1/site/offer/" + site.task.hex(), site.offer(site.context(1)));
  device.run(5000);
  CHECK(device.training_steps == 0);
  site.open_round(2);
  device.run(5000);
  CHECK(site.receipts.contains(2));
}

TEST_CASE("chunks of a wrong length, count or model are not taken") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  Bytes& chunk = chunk_of(site, 2);
  const Bytes good = chunk;
  SUBCASE("one byte more") {
    chunk.push_back(0);
  }
  SUBCASE("one byte less") {
    chunk.pop_back();
  }
  SUBCASE("another count") {
    chunk[16] ^= 1;
  }
  SUBCASE("an index beyond the count") {
    chunk[12] = 200;
  }
  SUBCASE("another model") {
    chunk[4] ^= 1;
  }
  SUBCASE("another kind") {
    chunk[1] = 1;
  }
  SUBCASE("empty") {
    chunk.clear();
  }
  Device device(site);
  device.run(5000);
  CHECK(fetching(device));
  CHECK_FALSE(device.said.empty());
  chunk_of(site, 2) = good;  // the device keeps asking for what it lacks
  device.run(100000);
  CHECK(site.receipts.contains(1));
}

TEST_CASE("a chunk of another round's model does not count") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  const Bytes old = chunk_of(site, 0);
  const std::string topic = "tributary/v1/site/model/" + std::string(64, '0') + "/0";
  Device device(site);
  device.run(5000);
  CHECK(trib_client_message(device.client, topic.c_str(), old.data(), old.size()) == TRIB_STALE);
}

TEST_CASE("a reset in the middle of a fetch begins it again") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  const Bytes hidden = chunk_of(site, 3);
  chunk_of(site, 3).clear();
  {
    Device device(site);
    device.run(5000);
    REQUIRE(fetching(device));
  }
  chunk_of(site, 3) = hidden;
  Device again(site);
  again.run(5000);
  CHECK(site.receipts.contains(1));
}

TEST_CASE("a device that boots in the middle of a fetch asks at its retry, not at every turn") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  std::erase_if(site.retained,
                [](const auto& item) { return item.first.find("/model/") != std::string::npos; });
  {
    Device device(site);
    for (int i = 0; i < 20; ++i) device.run_once();
    REQUIRE(fetching(device));
  }
  Device again(site);
  int eager = 0;
  for (int i = 0; i < 200; ++i) eager += again.run_once() == 0;
  CHECK(fetching(again));
  CHECK(eager < 10);
}
