// Power cuts and refused actions at every storage write and publish of a whole life in mode pairwise: joining, group,
// prekeys, upload, vow, reveal. PairSite checks throughout: never two vectors under one nonce, never both shares of
// one neighbour in one slot, never two vows for one slot, never two prekeys for one.
#include <doctest/doctest.h>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;

namespace {

// All are witnesses, and three of four are enough for everything.
constexpr GroupPlan plan{4, 3, 2, 4, 3, 1, 1000};

// Goes on; the device whose power failed, or which could not start, is booted again.
void run_on(PairSite& site) {
  site.run(20000);
  for (const auto& device : site.devices) {
    for (int boots = 0; boots < 3 && (!device->is_on() || device->dead); ++boots) {
      device->on();
      site.run(20000);
    }
    REQUIRE(device->is_on());
  }
  if (trib_client_phase(site.member(0).client) == TRIB_PHASE_JOINING) {
    trib_client_connected(site.member(0).client);
    site.run(20000);
  }
}

void play_round(PairSite& site, std::uint32_t slot) {
  site.open_round(slot);
  run_on(site);
  site.close_round();
  run_on(site);
  // Without device 0 there are enough of everything.
  CHECK(site.round->survivors.size() >= 3);
  const auto sum = site.sum();
  REQUIRE(sum);
  CHECK(*sum == site.expected_sum());
  site.end_round();
  run_on(site);
}

void live(PairSite& site) {
  for (const auto& device : site.devices) device->on();
  run_on(site);
  site.show_group();
  run_on(site);
  play_round(site, 1);
}

// Whatever happened, the device is whole again.
void check_recovers(PairSite& site) {
  site.member(0).cut_at.reset();
  site.member(0).fail_at.reset();
  play_round(site, 2);
  CHECK(site.round->survivors.size() == 4);
  play_round(site, 3);
  CHECK(site.round->survivors.size() == 4);
}

int actions_of_a_life() {
  PairSite site(plan);
  live(site);
  REQUIRE(site.round->survivors.size() == 4);
  REQUIRE(site.vowed[0].contains(1));
  REQUIRE(site.revealed[0][1].size() == 3);
  return site.member(0).actions;
}

}  // namespace

TEST_CASE("pairwise: power fails before any action of a life, then all is well again") {
  const int total = actions_of_a_life();
  MESSAGE("actions of a life: " << total);
  for (int cut = 0; cut < total; ++cut) {
    CAPTURE(cut);
    PairSite site(plan);
    site.member(0).cut_at = cut;
    live(site);
    check_recovers(site);
  }
}

TEST_CASE("pairwise: one refused write or publish costs at most the round") {
  const int total = actions_of_a_life();
  for (int fail = 0; fail < total; ++fail) {
    CAPTURE(fail);
    PairSite site(plan);
    site.member(0).fail_at = fail;
    live(site);
    check_recovers(site);
  }
}

TEST_CASE("pairwise: a refused action, then a power cut soon after") {
  const int total = actions_of_a_life();
  for (int fail = 0; fail < total; ++fail) {
    for (int cut = fail + 1; cut <= fail + 3; ++cut) {
      CAPTURE(fail);
      CAPTURE(cut);
      PairSite site(plan);
      site.member(0).fail_at = fail;
      site.member(0).cut_at = cut;
      live(site);
      check_recovers(site);
    }
  }
}

TEST_CASE("pairwise: a damaged record is no record") {
  for (const int record : {int{TRIB_RECORD_GROUP}, int{TRIB_RECORD_CHAIN}, int{TRIB_RECORD_VOW},
                           int{TRIB_RECORD_REVEAL}, int{TRIB_RECORD_MASK_KEYS}}) {
    for (const bool body : {false, true}) {
      CAPTURE(record);
      CAPTURE(body);
      PairSite site(plan);
      site.credit_chunks = 1;
      site.join();
      site.open_round(1);
      auto& device = site.member(0);
      for (int turns = 0; turns < 300 && device.chunks_sent == 0; ++turns) site.step();
      REQUIRE(device.chunks_sent == 1);
      const auto at = device.records.find(record);
      if (at == device.records.end()) continue;
      at->second.at(body ? at->second.size() - 3 : 40) ^= 4;
      device.off();
      // A lost chain is followed by another: the prekeys of slots not yet begun are made anew.
      if (record == TRIB_RECORD_CHAIN)
        std::erase_if(site.prekeys, [](auto& of) { return of.first > 1; });
      device.on();
      run_on(site);
      if (record == TRIB_RECORD_CHAIN) {
        for (std::uint32_t i = 1; i < 4; ++i) site.member(i).on();
        run_on(site);
      }
      site.close_round();
      run_on(site);
      const auto sum = site.sum();
      if (sum) CHECK(*sum == site.expected_sum());
      site.end_round();
      run_on(site);
      play_round(site, 2);
      CHECK(site.round->survivors.size() == 4);
    }
  }
}
