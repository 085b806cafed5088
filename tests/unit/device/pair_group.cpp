// Which groups a device of mode pairwise takes part in, and when it leaves them.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;
using namespace tributary;

namespace {

bool logged(const PairDevice& device, const std::string& text) {
  return std::ranges::any_of(device.log, [&](const auto& line) { return line.starts_with(text); });
}

}  // namespace

TEST_CASE("groups: a device checks signature, tenant, gateway and every number") {
  struct Row {
    const char* what;
    std::function<void(v1::Group&)> change;
  };
  const std::vector<Row> rows = {
      {"reader version", [](auto& g) { g.set_minimum_reader_version(6); }},
      {"tenant", [](auto& g) { g.set_tenant("other"); }},
      {"gateway", [](auto& g) { g.set_gateway_id(std::string(16, 'x')); }},
      {"two members", [](auto& g) { g.set_devices(2); }},
      {"5,001 members", [](auto& g) { g.set_devices(5001); }},
      {"odd degree", [](auto& g) { g.set_devices(9); }},
      {"degree n", [](auto& g) { g.set_neighbours(4); }},
      {"degree 256", [](auto& g) { g.set_devices(400), g.set_neighbours(256); }},
      {"no threshold", [](auto& g) { g.set_threshold(0); }},
      {"threshold above k", [](auto& g) { g.set_threshold(4); }},
      {"no quorum", [](auto& g) { g.set_quorum(0); }},
      {"quorum above W", [](auto& g) { g.set_quorum(4); }},
      {"half of the witnesses", [](auto& g) { g.set_witnesses(4); }},
      {"more witnesses than members", [](auto& g) { g.set_witnesses(5), g.set_quorum(4); }},
      {"slots backwards", [](auto& g) { g.set_last_slot(0); }},
      {"slots without end", [](auto& g) { g.set_last_slot(0xffffffff); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    PairSite site;
    site.change_group = row.change;
    site.join();
    CHECK(site.prekeys.empty());
    CHECK(site.member(0).said.contains(TRIB_BAD_CONTEXT));
    CHECK_FALSE(site.member(0).records.contains(TRIB_RECORD_GROUP));
  }
  PairSite site;
  site.change_group = [](auto& g) { g.set_first_slot(1); };
  site.join();
  CHECK(site.prekeys.size() == 4);
}

TEST_CASE("attack: a group nobody signed") {
  PairSite site;
  site.bend_group_signature = true;
  site.join();
  CHECK(site.prekeys.empty());
  CHECK(site.member(0).said.contains(TRIB_BAD_SIGNATURE));
}

TEST_CASE("groups: a device without room stays out and says what it would need") {
  PairSite site;
  SUBCASE("message buffer") {
    PairSite large({12, 11, 6, 3, 2, 1, 100});
    large.member(0).message_size = 1275;  // 220 + 96 * 11 = 1276
    large.member(1).message_size = 1276;
    large.join();
    CHECK_FALSE(large.prekeys[1].contains(0));
    CHECK(large.prekeys[1].contains(1));
    CHECK(logged(large.member(0),
                 "message buffer too small for the group's prekeys, bytes needed 1276"));
  }
  SUBCASE("block") {
    site.member(0).block_devices = 3;
    site.member(0).block_neighbours = 2;
    site.join();
    CHECK(site.prekeys[1].size() == 3);
    CHECK(logged(site.member(0), "pairwise memory too small for the group, bytes needed"));
  }
  SUBCASE("no block at all") {
    site.member(0).block_devices = 0;
    site.join();
    CHECK(site.prekeys[1].size() == 3);
    CHECK(site.member(0).filters.count("tributary/v1/site/group/+") == 0);
  }
}

TEST_CASE("groups: twenty members find themselves by halving, and none that is not in it") {
  PairSite site({20, 4, 3, 3, 2, 1, 100});
  site.member(7).block_devices = 0;
  for (const auto& device : site.devices) device->on();
  site.run();
  site.show_group();
  int looked_at = 0;
  for (int turns = 0; turns < 60; ++turns) {
    site.step();
    looked_at = std::max(looked_at, static_cast<int>(std::ranges::count_if(
                                        site.member(0).filters, [](const auto& filter) {
                                          return filter.find("/member/") != std::string::npos;
                                        })));
  }
  site.run();
  CHECK(looked_at <= 4);
  CHECK(site.prekeys[1].size() == 19);
  for (std::uint32_t i = 0; i < 20; ++i) CHECK(site.prekeys[1].contains(i) == (i != 7));
}

TEST_CASE("groups: a group with a former epoch key of this device is none") {
  PairSite site;
  for (const auto& device : site.devices) device->on();
  site.run();
  auto& device = site.member(0);
  device.records.erase(TRIB_RECORD_EPOCH);
  const auto before = site.keys.at(0);
  device.on();
  site.run();
  site.keys[0] = before;
  site.show_group();
  site.run();
  CHECK(site.prekeys[1].size() == 3);
  CHECK(logged(device, "the group has another epoch key of this device"));
}

TEST_CASE("groups: a newer one of the task takes its place, an older one does not; slots go on") {
  PairSite site;
  site.join();
  site.open_round(1);
  site.run();
  site.close_round();
  site.run();
  site.end_round();
  site.run();
  const auto old = site.prekeys;
  site.plan.first_slot = 3;
  site.plan.threshold = 1;
  site.prekeys.clear();
  site.show_group();
  site.run();
  // Its chain goes on: the group's own slots, and no slot twice.
  CHECK(site.prekeys.size() == 4);
  CHECK(site.prekeys.begin()->first == 3);
  site.plan.first_slot = 2;
  site.prekeys.clear();
  site.show_group();
  site.run();
  CHECK(site.prekeys.empty());
  CHECK(site.member(0).said.contains(TRIB_STALE));
  site.plan.first_slot = 3;
  site.prekeys.clear();
  for (const auto& device : site.devices) device->on();
  site.show_group();
  site.run();
  site.open_round(3);
  site.run();
  CHECK(site.round->uploads.size() == 4);
  site.close_round();
  site.run();
  CHECK(site.sum() == site.expected_sum());
}

TEST_CASE("groups: another task's waits until the own one is withdrawn, then slots begin anew") {
  PairSite site;
  site.join();
  site.open_round(3);
  site.run();
  site.close_round();
  site.run();
  site.end_round();
  const auto first = site.task;
  site.prekeys.clear();
  site.task.bytes.fill(0x7b);
  site.show_group();
  site.run();
  CHECK(site.prekeys.empty());
  site.withdraw("tributary/v1/site/group/" + first.hex());
  site.run();
  REQUIRE(site.prekeys[1].size() == 4);
  site.open_round(1);
  site.run();
  site.close_round();
  site.run();
  CHECK(site.sum() == site.expected_sum());
  site.end_round();
  // Back at the first task: nothing is said about its slots up to 3 again.
  site.withdraw("tributary/v1/site/group/" + site.task.hex());
  site.run();
  site.prekeys.clear();
  site.task = first;
  site.show_group();
  site.run();
  CHECK(site.prekeys.begin()->first == 4);
}

TEST_CASE("groups: one that is no longer shown after a connection is given up") {
  PairSite site;
  site.join();
  REQUIRE(site.member(0).records.contains(TRIB_RECORD_GROUP));
  site.broker.retained.erase("tributary/v1/site/group/" + site.task.hex());
  for (const auto& device : site.devices) device->on();
  site.run(5000);
  CHECK(site.member(0).records.contains(TRIB_RECORD_GROUP));
  site.run(7000);
  CHECK_FALSE(site.member(0).records.contains(TRIB_RECORD_GROUP));
}
