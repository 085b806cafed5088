// Whole rounds of mode pairwise: C devices, and crypto/pairwise as the other end.
#include <doctest/doctest.h>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;
using namespace tributary;

namespace {

void finish_round(PairSite& site) {
  site.close_round();
  site.run();
  CHECK(site.sum() == site.expected_sum());
  site.end_round();
  site.run();
}

}  // namespace

TEST_CASE("property 7: the sum over four devices that mask with each other is exact") {
  PairSite site;
  site.join();
  for (std::uint32_t slot = 1; slot <= 4; ++slot) REQUIRE(site.prekeys[slot].size() == 4);
  CHECK(site.prekeys.size() == 4);
  for (const std::uint32_t slot : {1U, 2U, 3U}) {
    CAPTURE(slot);
    site.open_round(slot);
    site.run();
    REQUIRE(site.round->uploads.size() == 4);
    finish_round(site);
    CHECK(site.prekeys[slot + 4].size() == 4);
    // What lay between the rounds is gone.
    CHECK_FALSE(site.member(0).records.contains(TRIB_RECORD_MASK_KEYS));
  }
}

TEST_CASE("the uploads alone say nothing: without shares the sum is not the sum") {
  PairSite site;
  site.join();
  site.open_round(1);
  site.run();
  site.close_round();
  Bytes total(4 * words);
  for (const auto& [device, masked] : site.round->uploads) {
    crypto::ring_add(crypto::RingBits::b32, total, masked);
  }
  CHECK(total != site.expected_sum());
}

TEST_CASE("a device that was away for many rounds learns from a receipt which slot is next") {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    PairSite site;
    site.join();
    REQUIRE(site.prekeys.rbegin()->first == 4);
    site.next_slot = 5;  // four rounds went by
    site.prekeys_seen = 0;
    SUBCASE("not from a receipt somebody bent") {
      site.bend_next_mac = true;
    }
    SUBCASE("from a true one") {}
    if (reset) {
      for (const auto& device : site.devices) device->on();
    } else {
      for (const auto& device : site.devices) trib_client_connected(device->client);
    }
    site.run();
    CHECK(site.prekeys.contains(8) != site.bend_next_mac);
    // Connected anew it asks once, and leaves four more.
    if (!reset && !site.bend_next_mac) CHECK(site.prekeys_seen == 4 * (1 + 4));
    if (site.bend_next_mac) return;
    site.open_round(5);
    site.run();
    finish_round(site);
  }
}

TEST_CASE("more neighbours than fit one message of shares are revealed in several") {
  PairSite site({20, 19, 10, 5, 3, 1, 100});
  site.join();
  site.open_round(1);
  site.run();
  site.close_round();
  site.run();
  CHECK(site.sum() == site.expected_sum());
  CHECK(site.reveals == 40);
  for (std::uint32_t i = 0; i < 20; ++i) CHECK(site.round->answered[i].size() == 19);
}

TEST_CASE("a neighbour without a prekey is answered with zeros, the others open") {
  PairSite site({6, 4, 2, 6, 4, 1, 100});
  site.member(5).off();
  for (const auto& device : site.devices) device->on();
  site.run();
  site.show_group();
  site.run();
  site.prekeys[1].erase(5);
  site.open_round(1);
  site.run(20000);
  const auto near = site.graph->neighbours(5);
  for (const auto i : near) CHECK_FALSE(site.round->uploads.contains(i));
  // Nobody can be in it but those that are no neighbours of the missing one; they help all the same.
  site.close_round({0, 1});
  site.run(5000);
  const auto helper = near.front();
  CHECK(site.round->answered[helper].size() == 4);
  CHECK_FALSE(site.revealed[helper][1].contains(5));
  CHECK(site.revealed[helper][1].size() == 3);
}

TEST_CASE("lost answers are asked for again: vow, request, reveal") {
  PairSite site;
  site.join();
  site.open_round(1);
  site.run();
  site.lose_every = 3;
  site.close_round();
  site.run(60000);
  CHECK(site.sum() == site.expected_sum());
}

TEST_CASE("the second wake-up does not wait for the round of another task") {
  PairSite site;
  site.trust_gateways();
  site.retain_vows = false;
  site.join();
  site.open_round(1);
  site.run();
  site.close_round();
  site.run();
  REQUIRE(site.reveals == 0);
  // Its model never comes.
  auto other = site.round->context;
  other.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
  other.clear_pairwise();
  other.set_task_id(std::string(16, 'o'));
  other.set_model_hash(std::string(32, 'm'));
  site.publish("tributary/v1/site/offer/" + std::string(32, '6'), site.offer_of(other));
  site.run();
  for (std::uint32_t i = 0; i < 4; ++i) {
    REQUIRE(trib_client_phase(site.member(i).client) == TRIB_PHASE_FETCHING);
  }
  for (const auto i : site.witnesses(1)) {
    site.publish("tributary/v1/site/vow/" + site.round->ctx_hash.hex() + "/" + std::to_string(i),
                 site.witness_vow(i, site.survivors_hash({0, 1, 2, 3})));
  }
  site.run();
  CHECK(site.sum() == site.expected_sum());
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(trib_client_phase(site.member(i).client) == TRIB_PHASE_FETCHING);
  }
}

TEST_CASE("a later slot burns the earlier one") {
  PairSite site;
  site.retain_vows = false;
  site.join();
  site.open_round(1);
  site.run();
  site.close_round();
  site.run();
  const Hash old = site.round->ctx_hash;
  const auto old_closing = site.closing({0, 1, 2, 3});
  std::vector<std::pair<std::string, std::string>> vows;
  for (const auto i : site.witnesses(1)) {
    vows.emplace_back("tributary/v1/site/vow/" + old.hex() + "/" + std::to_string(i),
                      site.witness_vow(i, site.survivors_hash({0, 1, 2, 3})));
  }
  site.open_round(2);
  site.run();
  REQUIRE(site.round->uploads.size() == 4);
  site.publish("tributary/v1/site/closing/" + site.task.hex(), old_closing);
  for (const auto& [topic, vow] : vows) site.publish(topic, vow);
  site.run();
  CHECK(site.reveals == 0);
  CHECK(site.member(0).said.contains(TRIB_STALE));
  site.retain_vows = true;
  finish_round(site);
}

TEST_CASE("an upload under way when the survivors are certified is given up, its slot is over") {
  PairSite site;
  site.credit_chunks = 1;
  site.join();
  site.open_round(1);
  // Device 3 gets no further than its first chunk.
  for (int turns = 0; turns < 300 && site.member(3).chunks_sent == 0; ++turns) site.step();
  site.mute = 3;
  site.run();
  REQUIRE(site.round->uploads.size() == 3);
  site.close_round();
  site.run();
  CHECK(trib_client_phase(site.member(3).client) == TRIB_PHASE_IDLE);
  CHECK(site.sum() == site.expected_sum());
  const int chunks = site.member(3).chunks_sent;
  site.member(3).on();
  site.run();
  CHECK(site.member(3).chunks_sent == chunks);
  CHECK(site.round->answered[3].size() == 3);
}

TEST_CASE("offers of the mode: another group, slot, mode or version is refused") {
  PairSite site;
  site.join();
  site.open_round(2);
  site.run();
  finish_round(site);
  const auto good = [&] {
    auto context = site.round->context;
    context.set_round(3);
    context.set_model_hash(std::string(32, 'm'));
    return context;
  };
  const std::string topic = "tributary/v1/site/offer/" + site.task.hex();
  auto context = good();
  trib_status expected = TRIB_BAD_CONTEXT;
  SUBCASE("another group") {
    context.mutable_pairwise()->set_group_hash(std::string(32, 'g'));
  }
  SUBCASE("no group") {
    context.clear_pairwise();
  }
  SUBCASE("another task") {
    context.set_task_id(std::string(16, 'o'));
  }
  SUBCASE("reader version 3") {
    context.set_minimum_reader_version(3);
  }
  SUBCASE("helpers") {
    context.add_helpers()->set_helper_id(std::string(16, 'h'));
  }
  SUBCASE("a slot behind the last") {
    context.set_round(1001);
  }
  SUBCASE("the slot before") {
    context.set_round(2);
    expected = TRIB_STALE;
  }
  SUBCASE("good") {
    expected = TRIB_OK;
  }
  const auto offer = site.offer_of(context);
  CHECK(trib_client_message(site.member(0).client, topic.c_str(), offer.data(), offer.size()) ==
        expected);
}
