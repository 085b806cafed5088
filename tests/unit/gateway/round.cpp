#include <doctest/doctest.h>

#include "tests/unit/gateway/round_world.hpp"

using namespace tributary;
using namespace tributary::gateway::round;
using namespace std::chrono_literals;

namespace {

v1::RejectReason reason(World& world, std::uint8_t number) {
  const auto found = world.rejects.find(device_id(number));
  return found == world.rejects.end() ? v1::REJECT_REASON_UNSPECIFIED : found->second.reason;
}

std::vector<DeviceId> survivors(const SubmitSum& sum) {
  std::vector<DeviceId> ids;
  for (const auto& survivor : sum.survivors) ids.push_back(survivor.device);
  return ids;
}

}  // namespace

TEST_CASE("a round in which everybody contributes closes at once and submits one sum") {
  World world(small_plan(2, 3, 5), {}, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) world.upload(i);
  CHECK(world.receipts.size() == 3);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  CHECK(survivors(world.sums[0]) == devices(3));
  CHECK(world.sums[0].words == Bytes{1, 2, 3});
  CHECK(world.retired == 1);
  CHECK(world.deleted == 0);
  world.happen(OutcomeArrived{true});
  CHECK(world.deleted == 1);
  CHECK(world.round().closed());
  world.happen(OutcomeArrived{true});
  CHECK(world.deleted == 1);
}

TEST_CASE("survivors and their hash do not depend on the order of arrival") {
  World one(small_plan(2, 3, 5), {}, 3);
  World other(small_plan(2, 3, 5), {}, 3);
  for (const std::uint8_t i : std::vector<std::uint8_t>{1, 2, 3}) one.upload(i);
  for (const std::uint8_t i : std::vector<std::uint8_t>{3, 1, 2}) other.upload(i);
  one.compute();
  other.compute();
  CHECK(one.sums.at(0).survivors_hash == other.sums.at(0).survivors_hash);
  CHECK(survivors(one.sums[0]) == survivors(other.sums[0]));
}

TEST_CASE("devices that vanish after chunks or never appear are left out at the deadline") {
  World world(small_plan(2, 4, 5), {}, 4);
  world.upload(1);
  world.upload(3);
  world.request(world.device(2));
  world.send_chunk(world.device(2), 0);
  world.pass(5min);
  CHECK(world.fixed.empty());
  world.pass(5min);
  REQUIRE(world.fixed.size() == 1);
  CHECK(world.fixed[0].devices == std::vector{device_id(1), device_id(3)});
  CHECK(reason(world, 2) == v1::REJECT_LATE);
  world.request(world.device(4));
  CHECK(reason(world, 4) == v1::REJECT_LATE);
  CHECK(world.round().judge_chunk(device_id(2), world.device(2).nonce, 1, 3).reason ==
        v1::REJECT_LATE);
}

TEST_CASE("a receipt follows the commit, and a sum is submitted once") {
  World world(small_plan(1, 1, 5), {}, 1);
  world.request(world.device(1));
  world.send_granted(world.device(1));
  world.happen(world.device(1).header(small_plan(1, 1, 5)));
  CHECK(world.receipts.empty());
  world.happen(ContributionDurable{device_id(1)});
  CHECK(world.receipts.size() == 1);
  CHECK(world.fixed.size() == 1);
  world.happen(SumReady{world.fixed[0].survivors_hash, {}});
  CHECK(world.sums.size() == 1);
  world.happen(SumReady{world.fixed[0].survivors_hash, {}});
  CHECK(world.sums.size() == 1);
}

TEST_CASE("fewer than n_min at the deadline is abandoned, reported and deleted") {
  World world(small_plan(3, 4, 5), {}, 4);
  world.upload(1);
  world.upload(2);
  world.pass(10min);
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].count == 2);
  CHECK(world.deleted == 1);
  CHECK(world.fixed.empty());
  CHECK(world.round().closed());
}

TEST_CASE("a round that can never reach n_min does not wait for its deadline") {
  World world(small_plan(3, 4, 5), {}, 2);
  world.upload(1);
  CHECK(world.abandons.empty());
  world.upload(2);
  CHECK(world.abandons.size() == 1);
}

TEST_CASE("patience closes a round when n_min is met and nothing arrives") {
  Plan plan = small_plan(2, 4, 5);
  plan.patience = 3s;
  World world(plan, {}, 4);
  world.upload(1);
  world.pass(60s);
  CHECK(world.fixed.empty());
  world.upload(2);
  world.pass(2s);
  world.request(world.device(3));
  world.send_chunk(world.device(3), 0);
  world.pass(2s);
  CHECK(world.fixed.empty());
  world.pass(1s);
  CHECK(world.fixed.size() == 1);
}

TEST_CASE(
    "R12: the same header again gets the same receipt, also when the round is summing or over") {
  World world(small_plan(1, 2, 5), {}, 2);
  world.upload(1);
  const auto again = [&] {
    world.receipts.clear();
    world.happen(world.device(1).header(world.round().plan()));
    return world.receipts.contains(device_id(1));
  };
  CHECK(again());
  world.upload(2);
  CHECK(again());
  world.compute();
  CHECK(again());
  world.happen(OutcomeArrived{true});
  CHECK(again());
  CHECK(world.rejects.empty());
}

TEST_CASE("R12: another nonce or another digest after a contribution is a duplicate") {
  World world(small_plan(1, 3, 5), {}, 3);
  world.upload(1);
  const TestDevice other(1, 9);
  world.request(other);
  CHECK(reason(world, 1) == v1::REJECT_DUPLICATE);
  world.rejects.clear();
  auto header = world.device(1).header(world.round().plan());
  header.contribution.digest.bytes[5] ^= 1;
  world.happen(header);
  CHECK(reason(world, 1) == v1::REJECT_DUPLICATE);
  CHECK(world.disk().contributions.size() == 1);
}

TEST_CASE("a new nonce before the header replaces the upload, a limited number of times") {
  Limits limits;
  limits.nonces = 2;
  World world(small_plan(1, 3, 5), limits, 3);
  world.request(world.device(1));
  world.send_chunk(world.device(1), 0);
  const TestDevice second(1, 1);
  world.request(second);
  CHECK(world.credits[second.id] == std::vector<ChunkSpan>{{0, 3}});
  CHECK(world.send_chunk(world.device(1), 1) == Round::Verdict::refused);
  world.request(TestDevice(1, 2));
  CHECK(reason(world, 1) == v1::REJECT_DUPLICATE);
  world.send_granted(second);
  world.happen(second.header(world.round().plan()));
  world.sync();
  CHECK(world.receipts.contains(device_id(1)));
}

TEST_CASE("headers that do not match the stored chunks are refused") {
  World world(small_plan(1, 3, 5), {}, 3);
  world.request(world.device(1));
  world.send_granted(world.device(1));
  auto header = world.device(1).header(world.round().plan());
  SUBCASE("wrong number of tickets") {
    header.contribution.tickets.emplace_back();
    world.happen(header);
    CHECK(reason(world, 1) == v1::REJECT_BAD_TICKETS);
  }
  SUBCASE("wrong total") {
    header.total = 2;
    world.happen(header);
    CHECK(reason(world, 1) == v1::REJECT_BAD_CHUNK);
  }
  SUBCASE("wrong digest") {
    header.contribution.digest.bytes[0] ^= 1;
    world.happen(header);
    CHECK(reason(world, 1) == v1::REJECT_BAD_DIGEST);
  }
  world.sync();
  CHECK(world.disk().contributions.empty());
  CHECK(world.receipts.empty());
}

TEST_CASE("a header before the chunks is answered with credit for what is missing") {
  World world(small_plan(1, 3, 5), {}, 3);
  world.happen(world.device(1).header(world.round().plan()));
  CHECK(world.credits[device_id(1)] == std::vector<ChunkSpan>{{0, 3}});
  world.send_chunk(world.device(1), 0);
  world.send_chunk(world.device(1), 2);
  world.happen(world.device(1).header(world.round().plan()));
  CHECK(world.credits[device_id(1)] == std::vector<ChunkSpan>{{1, 1}});
}

TEST_CASE("a device that is not expected gets nothing") {
  World world(small_plan(1, 3, 5), {}, 3);
  const TestDevice stranger(99);
  world.request(stranger);
  CHECK(reason(world, 99) == v1::REJECT_NOT_SELECTED);
  world.rejects.clear();
  world.happen(stranger.header(world.round().plan()));
  CHECK(reason(world, 99) == v1::REJECT_NOT_SELECTED);
  CHECK(world.send_chunk(stranger, 0) == Round::Verdict::refused);
}

TEST_CASE("not more than n_max are taken, whatever n_target says") {
  World world(small_plan(1, 100, 2), {}, 4);
  world.upload(1);
  world.upload(2);
  world.upload(3);
  CHECK(reason(world, 3) == v1::REJECT_ROUND_FULL);
  CHECK(world.receipts.size() == 2);
}

TEST_CASE("chunks outside the credit are refused, repeated ones are ignored") {
  Limits limits;
  limits.credit_chunks = 1;
  World world(small_plan(1, 3, 5), limits, 3);
  CHECK(world.send_chunk(world.device(1), 0) == Round::Verdict::refused);
  world.request(world.device(1));
  CHECK(world.send_chunk(world.device(1), 1) == Round::Verdict::refused);
  CHECK(world.send_chunk(world.device(1), 0) == Round::Verdict::wanted);
  CHECK(world.send_chunk(world.device(1), 0) == Round::Verdict::known);
  const auto judged = world.round().judge_chunk(device_id(1), world.device(1).nonce, 1, 3);
  CHECK(judged.reason == v1::REJECT_OVER_CREDIT);
  CHECK(judged.retry_after_seconds > 0);
  CHECK(world.round().judge_chunk(device_id(1), world.device(1).nonce, 3, 3).reason ==
        v1::REJECT_BAD_CHUNK);
  CHECK(world.round().judge_chunk(device_id(1), world.device(1).nonce, 0, 4).reason ==
        v1::REJECT_BAD_CHUNK);
}

TEST_CASE("credit goes to so many at a time, the others wait in line, and silence ends it") {
  Limits limits;
  limits.uploads_in_flight = 1;
  limits.waiting = 2;
  World world(small_plan(1, 9, 9), limits, 4);
  for (std::uint8_t i = 1; i <= 4; ++i) world.request(world.device(i));
  CHECK(world.credits.size() == 1);
  CHECK(reason(world, 4) == v1::REJECT_BUSY);
  CHECK(world.rejects.at(device_id(4)).retry_after_seconds > 0);
  world.request(world.device(2));  // repeats, keeps its place
  world.send_granted(world.device(1));
  CHECK(world.credits.contains(device_id(2)));
  CHECK_FALSE(world.credits.contains(device_id(3)));
  world.pass(4s);
  world.send_chunk(world.device(2), 0);
  world.pass(4s);
  CHECK_FALSE(world.credits.contains(device_id(3)));
  world.pass(1s);
  CHECK(world.credits.contains(device_id(3)));
  // The device that was silent sends what it was granted all the same, and its upload goes on.
  CHECK(world.send_chunk(world.device(2), 1) == Round::Verdict::wanted);
}

TEST_CASE("R15: a revoked device stops counting while the round collects") {
  World world(small_plan(1, 3, 5), {}, 3);
  world.upload(1);
  world.upload(2);
  world.happen(DeviceRevoked{device_id(1)});
  world.sync();
  CHECK(world.disk().contributions.size() == 1);
  world.request(world.device(1));
  CHECK(reason(world, 1) == v1::REJECT_NOT_SELECTED);
  world.upload(3);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  CHECK(survivors(world.sums[0]) == std::vector{device_id(2), device_id(3)});
}

TEST_CASE("devices a helper refused are left out and the sum is sent again") {
  World world(small_plan(2, 4, 5), {}, 4);
  for (std::uint8_t i = 1; i <= 4; ++i) world.upload(i);
  world.compute();
  const Hash first = world.sums.at(0).survivors_hash;
  world.happen(DevicesDropped{Hash{}, {device_id(1)}});
  world.happen(DevicesDropped{first, {device_id(77)}});
  CHECK(world.fixed.size() == 1);
  world.happen(DevicesDropped{first, {device_id(2)}});
  world.happen(DevicesDropped{first, {device_id(3)}});  // of the set that is gone
  world.sync();
  world.compute();
  REQUIRE(world.sums.size() == 2);
  CHECK(survivors(world.sums[1]) == std::vector{device_id(1), device_id(3), device_id(4)});
  world.happen(DevicesDropped{world.sums[1].survivors_hash, {device_id(1), device_id(3)}});
  CHECK(world.abandons.size() == 1);
  CHECK(world.round().closed());
}

TEST_CASE("a sum for a replaced survivor set is not submitted") {
  World world(small_plan(1, 3, 5), {}, 3);
  for (std::uint8_t i = 1; i <= 3; ++i) world.upload(i);
  const Hash first = world.fixed.at(0).survivors_hash;
  world.happen(DevicesDropped{first, {device_id(3)}});
  world.compute();  // finishes the first sum only now
  for (const auto& sum : world.sums) CHECK(sum.survivors_hash != first);
}

TEST_CASE("the coordinator's outcome ends a round in any phase") {
  World world(small_plan(2, 3, 5), {}, 3);
  world.upload(1);
  world.request(world.device(2));
  world.happen(OutcomeArrived{false});
  CHECK(world.deleted == 1);
  CHECK(world.retired == 1);
  CHECK(world.abandons.empty());
  CHECK(reason(world, 2) == v1::REJECT_LATE);
}

TEST_CASE("damaged storage abandons the round and says so") {
  World world(small_plan(1, 1, 5), {}, 1);
  world.upload(1);
  world.happen(SumFailed{world.fixed.at(0).survivors_hash, "stored updates are damaged"});
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].count == 1);
}

TEST_CASE("R1: after a crash before any effect every receipt counts exactly once") {
  const Plan plan = small_plan(2, 4, 5);
  Limits limits;
  limits.credit_chunks = 2;
  bool crashed = true;
  for (int at = 0; crashed; ++at) {
    CAPTURE(at);
    World world(plan, limits, 4);
    world.crash_at = at;
    for (int turn = 0; turn < 4; ++turn) {
      for (std::uint8_t i = 1; i <= 3; ++i) world.upload(i);
      world.sync();
    }
    world.pass(10min);
    for (int turn = 0; turn < 3; ++turn) {
      world.pass(1s);
      world.sync();
      world.compute();
    }
    crashed = world.crashes > 0;
    REQUIRE_FALSE(world.sums.empty());
    const auto& last = world.sums.back();
    for (const auto& sum : world.sums) {
      CHECK(sum.survivors_hash == last.survivors_hash);
      CHECK(sum.words == last.words);
    }
    const auto counted = survivors(last);
    for (const auto& device : world.receipts) {
      CHECK(std::count(counted.begin(), counted.end(), device) == 1);
    }
    CHECK(counted.size() == 3);
  }
}
