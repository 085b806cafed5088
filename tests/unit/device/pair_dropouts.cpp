// Every way devices can drop out of a small pairwise round: the sum over the survivors is exact, or there is none.
#include <doctest/doctest.h>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;

namespace {

enum class Fate { stays, asleep, training, uploading, silent, late };
// stays: does everything. asleep: never wakes. training: gone before its first chunk. uploading: gone after it.
// silent: contributes and never comes back. late: sleeps through the upload and reveals all the same.

bool reveals(Fate fate) {
  return fate == Fate::stays || fate == Fate::late;
}

bool survives(Fate fate) {
  return fate == Fate::stays || fate == Fate::silent;
}

// About to train, or to send its second chunk.
bool is_due(const PairDevice& device, Fate fate) {
  const auto phase = trib_client_phase(device.client);
  if (fate == Fate::training) return phase == TRIB_PHASE_TRAINING;
  return fate == Fate::uploading && phase == TRIB_PHASE_UPLOADING && device.chunks_sent == 1;
}

// Goes on until the power of all that are cut in the round has failed.
void cut(PairSite& site, const std::vector<Fate>& fates) {
  const auto left = [&] {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < fates.size(); ++i) {
      const bool cut = fates[i] == Fate::training || fates[i] == Fate::uploading;
      if (cut && site.member(i).is_on()) ++count;
    }
    return count;
  };
  for (int turns = 0; turns < 500 && left() > 0; ++turns) {
    for (std::uint32_t i = 0; i < fates.size(); ++i) {
      site.step_one(i);
      if (site.member(i).is_on() && is_due(site.member(i), fates[i])) site.member(i).off();
    }
  }
  REQUIRE(left() == 0);
}

// One round of these fates; all devices are back and idle before and after.
void play(PairSite& site, std::uint32_t slot, const std::vector<Fate>& fates) {
  const auto n = static_cast<std::uint32_t>(fates.size());
  for (std::uint32_t i = 0; i < n; ++i) {
    if (fates[i] == Fate::asleep || fates[i] == Fate::late) site.member(i).off();
  }
  site.open_round(slot);
  for (const auto& device : site.devices) device->chunks_sent = 0;
  cut(site, fates);
  site.run(0);
  site.close_round();
  for (std::uint32_t i = 0; i < n; ++i) {
    CHECK(site.round->uploads.contains(i) == survives(fates[i]));
    if (fates[i] == Fate::silent) site.member(i).off();
    if (fates[i] == Fate::late) site.member(i).on();
  }
  site.run(0);
  // What must be: enough survivors, enough witnesses awake, and of every secret enough holders.
  std::uint32_t signed_by = 0;
  for (const auto witness : site.witnesses(slot)) signed_by += reveals(fates[witness]) ? 1 : 0;
  bool enough = signed_by >= site.plan.quorum && site.round->survivors.size() >= 2;
  for (std::uint32_t owner = 0; owner < n; ++owner) {
    std::uint32_t holders = 0;
    for (const auto holder : site.graph->neighbours(owner)) holders += reveals(fates[holder]);
    enough = enough && holders >= site.plan.threshold;
  }
  const auto sum = site.sum();
  CHECK(sum.has_value() == enough);
  if (sum) CHECK(*sum == site.expected_sum());
  if (signed_by < site.plan.quorum) CHECK(site.round->shares.empty());
  // Whoever was away sees from what is still retained which slot it is.
  for (std::uint32_t i = 0; i < n; ++i) {
    if (!site.member(i).is_on()) site.member(i).on();
  }
  site.run(0);
  site.end_round();
  site.run(0);
}

std::uint32_t play_all(const GroupPlan& plan, const std::vector<Fate>& choices) {
  PairSite site(plan);
  site.join();
  std::vector<std::size_t> digits(plan.devices, 0);
  std::uint32_t slot = 0;
  for (;;) {
    std::vector<Fate> fates;
    std::string named;
    for (const auto digit : digits) {
      fates.push_back(choices[digit]);
      named += static_cast<char>('a' + static_cast<int>(choices[digit]));
    }
    CAPTURE(named);
    play(site, ++slot, fates);
    std::size_t at = 0;
    while (at < digits.size() && ++digits[at] == choices.size()) digits[at++] = 0;
    if (at == digits.size()) return slot;
  }
}

}  // namespace

TEST_CASE("R21: every drop-out of four devices at every phase: the exact sum or nothing") {
  CHECK(play_all({4, 3, 2, 3, 2, 1, 100000},
                 {Fate::stays, Fate::asleep, Fate::uploading, Fate::silent, Fate::late}) == 625);
}

TEST_CASE("R21: three devices, cut in training too") {
  CHECK(play_all({3, 2, 1, 3, 2, 1, 100000}, {Fate::stays, Fate::asleep, Fate::training,
                                              Fate::uploading, Fate::silent, Fate::late}) == 216);
}

TEST_CASE("R21: five devices: every set that drops out before, and after its upload") {
  CHECK(play_all({5, 4, 3, 5, 3, 1, 100000}, {Fate::stays, Fate::asleep, Fate::silent}) == 243);
}

TEST_CASE("R21: six devices, each with four neighbours") {
  const GroupPlan ring{6, 4, 2, 4, 3, 1, 100000};
  CHECK(play_all(ring, {Fate::stays, Fate::asleep}) == 64);
  CHECK(play_all(ring, {Fate::stays, Fate::silent}) == 64);
  CHECK(play_all(ring, {Fate::asleep, Fate::silent}) == 64);
}
