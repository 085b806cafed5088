// Messages that reach a round when it has moved on, or that are about another round: nothing changes, and whoever
// can be told is told.
#include <doctest/doctest.h>

#include "tests/unit/gateway/round_world.hpp"

using namespace tributary;
using namespace tributary::gateway::round;
using namespace std::chrono_literals;

namespace {

// 1 and 2 of four devices contribute, the deadline passes.
World summing_round() {
  World world(small_plan(2, 4, 5), {}, 4);
  world.upload(1);
  world.upload(2);
  world.pass(10min);
  REQUIRE(world.fixed.size() == 1);
  return world;
}

Hash fixed_hash(const World& world) {
  return world.fixed.at(0).survivors_hash;
}

}  // namespace

TEST_CASE("R12: a contributor's chunk again is known, under another nonce refused") {
  World world(small_plan(2, 4, 5), {}, 4);
  world.upload(1);
  const auto& nonce = world.device(1).nonce;
  for (int phase = 0; phase < 2; ++phase) {
    CHECK(world.round().judge_chunk(device_id(1), nonce, 0, 3).verdict == Round::Verdict::known);
    const auto other = world.round().judge_chunk(device_id(1), Nonce{}, 0, 3);
    CHECK(other.verdict == Round::Verdict::refused);
    CHECK(other.reason == v1::REJECT_DUPLICATE);
    world.upload(2);
    world.pass(10min);
  }
}

TEST_CASE("R12: a contributor that asks again is told to send its header, in any phase") {
  World world = summing_round();
  const auto told = [&] {
    world.credits.clear();
    world.request(world.device(1));
    return world.credits.contains(device_id(1)) && world.credits[device_id(1)].empty();
  };
  CHECK(told());
  world.compute();
  CHECK(told());
  world.happen(OutcomeArrived{true});
  CHECK(told());
  world.request(TestDevice(1, 9));
  CHECK(world.rejects.at(device_id(1)).reason == v1::REJECT_DUPLICATE);
}

TEST_CASE(
    "after the survivors are fixed a header is late, and another of a contributor a duplicate") {
  World world = summing_round();
  world.happen(world.device(3).header(world.round().plan()));
  CHECK(world.rejects.at(device_id(3)).reason == v1::REJECT_LATE);
  auto other = world.device(1).header(world.round().plan());
  other.contribution.digest.bytes[0] ^= 1;
  world.receipts.clear();
  world.happen(other);
  CHECK(world.rejects.at(device_id(1)).reason == v1::REJECT_DUPLICATE);
  CHECK(world.receipts.empty());
  world.happen(world.device(1).header(world.round().plan()));
  CHECK(world.receipts.contains(device_id(1)));
}

TEST_CASE("a request or a header that counts other chunks than the context is refused") {
  World world(small_plan(2, 4, 5), {}, 4);
  world.happen(UploadRequested{device_id(1), world.device(1).nonce, 4});
  CHECK(world.rejects.at(device_id(1)).reason == v1::REJECT_BAD_CHUNK);
  CHECK(world.credits.empty());
}

TEST_CASE("a full round refuses a header as it refuses a request") {
  World world(small_plan(1, 100, 1), {}, 2);
  world.upload(1);
  world.happen(world.device(2).header(world.round().plan()));
  CHECK(world.rejects.at(device_id(2)).reason == v1::REJECT_ROUND_FULL);
}

TEST_CASE("a header under one nonce too many is refused, and the upload before it goes on") {
  Limits limits;
  limits.nonces = 1;
  World world(small_plan(1, 3, 5), limits, 3);
  world.request(world.device(1));
  world.happen(TestDevice(1, 1).header(world.round().plan()));
  CHECK(world.rejects.at(device_id(1)).reason == v1::REJECT_DUPLICATE);
  world.upload(1);
  CHECK(world.receipts.contains(device_id(1)));
}

TEST_CASE("a chunk of an upload that was replaced meanwhile does not count for the new one") {
  World world(small_plan(1, 3, 5), {}, 3);
  const auto& old = world.device(1);
  world.request(old);
  const TestDevice fresh(1, 1);
  world.request(fresh);
  for (std::uint32_t i = 0; i < 3; ++i) world.happen(ChunkStored{old.id, old.nonce, i, old.tag(i)});
  world.happen(ChunkStored{device_id(3), {}, 0, {}});  // of nobody's upload
  world.credits.clear();
  world.happen(fresh.header(world.round().plan()));
  CHECK_FALSE(world.credits.empty());  // everything is still missing
  CHECK(world.receipts.empty());
}

TEST_CASE("a contribution that becomes durable twice is receipted once and counted once") {
  World world(small_plan(2, 2, 5), {}, 4);
  world.upload(1);
  world.receipts.clear();
  world.happen(ContributionDurable{device_id(1)});
  world.happen(ContributionDurable{device_id(3)});  // of whom nothing is known
  CHECK(world.receipts.empty());
  CHECK(world.fixed.empty());
}

TEST_CASE(
    "a contribution on its way to the disk at the deadline is in the sum, and receipted after it") {
  World world(small_plan(1, 4, 5), {}, 4);
  world.upload(1);
  world.request(world.device(2));
  world.send_granted(world.device(2));
  world.happen(world.device(2).header(world.round().plan()));
  world.pass(10min);
  REQUIRE(world.fixed.size() == 1);
  CHECK(world.fixed[0].devices == devices(2));
  CHECK_FALSE(world.receipts.contains(device_id(2)));
  world.sync();
  CHECK(world.receipts.contains(device_id(2)));
  world.receipts.clear();
  world.happen(ContributionDurable{device_id(2)});
  world.happen(ContributionDurable{device_id(3)});
  CHECK(world.receipts.empty());
}

TEST_CASE("a header again before the commit has no receipt yet") {
  World world(small_plan(2, 4, 5), {}, 4);
  world.request(world.device(1));
  world.send_granted(world.device(1));
  for (int times = 0; times < 2; ++times) {
    world.happen(world.device(1).header(world.round().plan()));
    CHECK(world.receipts.empty());
  }
  world.sync();
  CHECK(world.receipts.contains(device_id(1)));
  CHECK(world.disk().contributions.size() == 1);
}

TEST_CASE(
    "a device revoked before its contribution is durable does not count, and others are not cut "
    "short") {
  World world(small_plan(1, 2, 5), {}, 3);
  world.request(world.device(1));
  world.send_granted(world.device(1));
  world.happen(world.device(1).header(world.round().plan()));
  world.happen(DeviceRevoked{device_id(1)});
  world.sync();
  CHECK(world.receipts.empty());
  world.upload(2);
  CHECK(world.fixed.empty());  // one of two is durable
  world.upload(3);
  REQUIRE(world.fixed.size() == 1);
  CHECK(world.fixed[0].devices == std::vector{device_id(2), device_id(3)});
}

TEST_CASE("a device revoked while it waits for credit leaves the line to the others") {
  Limits limits;
  limits.uploads_in_flight = 1;
  World world(small_plan(1, 3, 5), limits, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) world.request(world.device(i));
  SUBCASE("in the line") {
    world.happen(DeviceRevoked{device_id(2)});
    CHECK_FALSE(world.credits.contains(device_id(3)));
    world.send_granted(world.device(1));
    CHECK(world.credits.contains(device_id(3)));
  }
  SUBCASE("with the credit") {
    world.happen(DeviceRevoked{device_id(1)});
    CHECK(world.credits.contains(device_id(2)));
  }
}

TEST_CASE("what is said of other survivors is passed over") {
  World world = summing_round();
  world.happen(SurvivorsDurable{Hash{}});
  world.compute();
  CHECK(world.sums.empty());
  world.happen(SumReady{Hash{}, {}});
  world.happen(SumFailed{Hash{}, "of another set"});
  CHECK(world.sums.empty());
  CHECK(world.abandons.empty());
  world.happen(SumReady{fixed_hash(world), {}});
  CHECK(world.sums.size() == 1);
}

TEST_CASE("devices are not dropped while the round collects or after it is over") {
  World world(small_plan(2, 4, 5), {}, 4);
  world.upload(1);
  world.happen(DevicesDropped{Hash{}, {device_id(1)}});
  CHECK(world.fixed.empty());
  world.happen(OutcomeArrived{true});
  world.happen(DevicesDropped{Hash{}, {device_id(1)}});
  CHECK(world.fixed.empty());
  CHECK(world.abandons.empty());
}

TEST_CASE("dropping to n_min goes on, one device more ends the round") {
  World world(small_plan(2, 4, 5), {}, 4);
  for (std::uint8_t i = 1; i <= 3; ++i) world.upload(i);
  world.pass(10min);
  world.happen(DevicesDropped{fixed_hash(world), {device_id(2)}});
  REQUIRE(world.fixed.size() == 2);
  CHECK(world.abandons.empty());
  world.happen(DevicesDropped{world.fixed[1].survivors_hash, {device_id(3)}});
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].reason == "fewer than n_min after a helper's refusals");
}

TEST_CASE("a round recovered with survivors whose updates are gone is abandoned, and says why") {
  Recovered disk;
  disk.contributions = {{device_id(1), {}, {}, {}}};
  disk.survivors = devices(2);
  const auto [round, effects] = Round::recover(small_plan(1, 4, 5), {}, devices(4), disk, 0ms);
  CHECK(round.closed());
  REQUIRE(effects.size() >= 1);
  CHECK(std::ranges::any_of(effects, [](const Effect& effect) {
    const auto* abandon = std::get_if<Abandon>(&effect);
    return abandon != nullptr && abandon->count == 1 &&
           abandon->reason == "stored updates are damaged";
  }));
}

TEST_CASE("chunks of the journal that are of no upload now are passed over") {
  const TestDevice one(1), two(2), stranger(9);
  Recovered disk;
  disk.contributions = {one.header(small_plan(1, 4, 5)).contribution};
  const TestDevice older(2, 1);
  for (const auto* device : {&one, &stranger, &older, &two}) {
    for (const std::uint32_t index : {0U, 1U, 2U, 3U}) {
      disk.chunks.push_back({device->id, device->nonce, index, device->tag(index)});
    }
  }
  auto [round, effects] = Round::recover(small_plan(1, 4, 5), {}, devices(4), disk, 0ms);
  CHECK(effects.empty());
  CHECK(round.judge_chunk(stranger.id, stranger.nonce, 0, 3).reason == v1::REJECT_NOT_SELECTED);
  // Device 2 was at its second nonce, of which everything is here.
  CHECK(round.judge_chunk(two.id, older.nonce, 0, 3).reason == v1::REJECT_OVER_CREDIT);
  CHECK(round.judge_chunk(two.id, two.nonce, 2, 3).verdict == Round::Verdict::known);
  const auto said = round.on(two.header(small_plan(1, 4, 5)), 0ms);
  REQUIRE(said.size() == 1);
  CHECK(std::holds_alternative<StoreContribution>(said[0]));
}

TEST_CASE(
    "R1: a round whose sum was submitted before the crash collects nothing and says nothing") {
  const auto plan = small_plan(1, 4, 5);
  Recovered disk;
  disk.contributions = {TestDevice(1).header(plan).contribution,
                        TestDevice(2).header(plan).contribution};
  disk.survivors = devices(2);
  disk.submitted = true;
  auto [round, effects] = Round::recover(plan, {}, devices(4), disk, 0ms);
  CHECK(effects.empty());
  CHECK(round.judge_chunk(device_id(3), {}, 0, 3).reason == v1::REJECT_LATE);
  // A helper may still refuse one of them.
  const auto& submitted = std::get<Submitted>(round.phase());
  const auto said = round.on(DevicesDropped{submitted.survivors.hash, {device_id(2)}}, 1ms);
  REQUIRE(said.size() == 1);
  CHECK(std::get<FixSurvivors>(said[0]).devices == devices(1));
}
