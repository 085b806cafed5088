// The mask sum itself: exact over every set of survivors, and cheap to verify again.
#include <doctest/doctest.h>

#include "gateway/helper/claim.hpp"
#include "gateway/helper/rate_limit.hpp"
#include "gateway/helper/roster_cache.hpp"
#include "tests/unit/gateway/helper_world.hpp"

using namespace tributary;
using namespace tributary::gateway::helper;
using namespace tributary::gateway::helper::test;

TEST_CASE("the sum over any survivors removes exactly their masks, in every ring") {
  World world;
  std::uint64_t round = 0;
  for (const auto bits : {16U, 24U, 32U}) {
    for (unsigned set = 0; set < 32; ++set) {
      std::vector<std::size_t> who;
      for (std::size_t i = 0; i < 5; ++i) {
        if (set >> i & 1) who.push_back(i);
      }
      auto context = world.context(++round);
      context.mutable_encoding()->set_ring_bits(bits);
      context.mutable_encoding()->set_scale_log2(4);
      context.mutable_encoding()->set_weight_scale_log2(4);
      const auto request = world.request(context, who);
      CAPTURE(bits);
      CAPTURE(set);
      if (who.size() < 3) {
        CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_REQUEST);
        continue;
      }
      CHECK(world.open_sum(world.answer(request, now + std::chrono::minutes{round / 30})) ==
            world.expected_sum(request, who));
    }
  }
}

TEST_CASE("two gateways of one round get their own sums") {
  World world;
  const auto here = world.request(world.context(), {0, 1, 2});
  const auto expected_here = world.expected_sum(here, {0, 1, 2});
  CHECK(world.open_sum(world.answer(here)) == expected_here);
  world.devices.clear();
  world.roster.Clear();
  world.roster.set_gateway_id(world.other_gateway.raw());
  for (std::uint16_t number = 21; number <= 24; ++number) {
    world.enrol(world.device(number, world.other_gateway));
  }
  const auto there = world.request(world.context(), world.everybody());
  CHECK(world.open_sum(world.answer(there)) == world.expected_sum(there, world.everybody()));
}

TEST_CASE("roster cache: a device is verified once per epoch key, and only survivors are") {
  World world;
  RosterCache cache(tenant, crypto::verify_key(world.authority), world.helper);
  auto secret = crypto::ExchangeSecret::random();
  const auto key = crypto::exchange_key(secret);
  const EpochSecret epoch{1, std::move(secret), key};
  const auto look_up = [&](const std::vector<std::size_t>& who) {
    const auto claim = std::get<Claim>(parse_claim(world.request(world.context(), who)));
    return std::get<std::vector<RosterEntry>>(
        cache.entries(claim, world.roster.SerializeAsString(), epoch));
  };
  const auto entries = look_up({0, 1, 2});
  REQUIRE(entries.size() == 3);
  CHECK(entries[2]->id == world.devices[2].id);
  CHECK(cache.verified() == 3);
  look_up({0, 1, 2, 3});
  CHECK(cache.verified() == 4);
  world.enrol(world.device(9, world.gateway));  // another roster, the same four devices in it
  look_up({0, 1, 2, 3, 5});
  CHECK(cache.verified() == 5);
  cache.clear();
  look_up({0});
  CHECK(cache.verified() == 6);
}

TEST_CASE("roster cache: another epoch has other pair keys") {
  World world;
  RosterCache cache(tenant, crypto::verify_key(world.authority), world.helper);
  const auto claim = std::get<Claim>(parse_claim(world.request(world.context(), {0})));
  std::set<Bytes> keys;
  for (std::uint32_t number = 1; number <= 2; ++number) {
    auto secret = crypto::ExchangeSecret::random();
    const auto key = crypto::exchange_key(secret);
    const EpochSecret epoch{number, std::move(secret), key};
    const auto found = cache.entries(claim, world.roster.SerializeAsString(), epoch);
    const auto pair = std::get<std::vector<RosterEntry>>(found)[0]->pair_key.expose();
    keys.insert(Bytes(pair.begin(), pair.end()));
  }
  CHECK(keys.size() == 2);
}

TEST_CASE("roster cache: stays within its capacity and keeps what is in use") {
  World world(6);
  RosterCache cache(tenant, crypto::verify_key(world.authority), world.helper, 4);
  auto secret = crypto::ExchangeSecret::random();
  const auto key = crypto::exchange_key(secret);
  const EpochSecret epoch{1, std::move(secret), key};
  const auto look_up = [&](std::size_t who) {
    const auto claim = std::get<Claim>(parse_claim(world.request(world.context(), {who})));
    cache.entries(claim, world.roster.SerializeAsString(), epoch);
  };
  for (std::size_t i = 0; i < 6; ++i) {
    look_up(0);
    look_up(i);
  }
  CHECK(cache.verified() == 6);  // device 0 was never pushed out
  look_up(1);
  CHECK(cache.verified() == 7);  // device 1 was
}

TEST_CASE("R11: a clock that goes back does not lock a task out") {
  RateLimit rate(1);
  const auto task = id_of<TaskId>(1);
  CHECK_FALSE(rate.take(task, now));
  CHECK(rate.take(task, now) == std::chrono::seconds{60});
  CHECK_FALSE(rate.take(id_of<TaskId>(2), now));
  CHECK_FALSE(rate.take(task, now - std::chrono::hours{1}));
}
