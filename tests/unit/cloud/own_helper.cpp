// T1: the coordinator as a helper in its own process, through the same functions as any other helper.
#include "cloud/engine/own_helper.hpp"

#include <doctest/doctest.h>

#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::tests;

namespace {

// One gateway, and nobody else to help it.
struct Alone {
  SiteWorld world{1};
  HelperId helper = world.help_itself();
  TaskId task = world.start_task();
  const SiteGateway& gateway() const { return world.gateways.front(); }
};

}  // namespace

TEST_CASE("T1: a gateway that is alone is helped by the coordinator, and the trust words say so") {
  Alone alone;
  const auto& run = alone.world.round(alone.task);
  REQUIRE(run.parts.size() == 1);
  CHECK(run.parts[0].context.helpers == std::vector{alone.helper});
  auto& c = alone.world.coordinator();
  const auto work =
      work_of(alone.gateway().id, c.rounds, c.fleet, c.revisions, c.identity, c.store);
  REQUIRE(work.helper_keys_size() == 1);
  const auto words = cloud::round::trust_words(c.board.splits(c.board.find(alone.task)->spec));
  CHECK(words.find("must collude with the helper role at the coordinator (operator cloud)") !=
        std::string::npos);
  CHECK_FALSE(c.fleet.members().contains(GatewayId{alone.helper.bytes}));  // no gateway of a task
}

TEST_CASE("T1: what the own helper refuses goes the way of every refusal") {
  Alone alone;
  const auto ctx = alone.world.ctx_of(alone.task, alone.gateway());
  // The world's devices have no epoch keys: rule H3.
  const auto made = alone.world.contribute(alone.task, alone.gateway(), {0, 1, 2});
  auto& c = alone.world.coordinator();
  REQUIRE(c.rounds.put_sum(alone.gateway().id, ctx, made.sum).index() == 0);
  c.tick();
  alone.world.run_jobs();
  const auto events = c.store.rounds.events_of(ctx);
  REQUIRE(events.size() == 2);
  CHECK(events[1].kind == cloud::store::EventKind::refusal);
  CHECK(events[1].helper == alone.helper);
  CHECK(c.store.rounds.find({alone.task, 1})->state == cloud::store::RoundState::abandoned);
}

TEST_CASE("T1: the own helper promises VOIDs, the same after a restart") {
  Alone alone;
  alone.world.run_jobs_at_once = false;
  alone.world.coordinator().rounds.stop(alone.task, "enough");
  alone.world.coordinator().tick();
  alone.world.restart();  // killed while the worker was at it
  alone.world.run_jobs_at_once = true;
  alone.world.help_itself();
  auto& c = alone.world.coordinator();
  c.tick();
  alone.world.run_jobs();
  const auto model = c.store.rounds.find({alone.task, 1})->model_before;
  const auto kept = c.store.voids.kept(alone.task, alone.gateway().id, model, 6);
  REQUIRE(kept.size() == 1);
  v1::Signed message;
  v1::Void statement;
  REQUIRE(message.ParseFromString(kept[0]));
  REQUIRE(statement.ParseFromString(message.body()));
  CHECK(statement.helper_id() == alone.helper.raw());
  CHECK(c.store.voids.asked(alone.helper, 8).empty());
}

TEST_CASE("T1: no gateway may come with the coordinator's helper id") {
  SiteWorld world(1);
  world.gateways.front().helper = world.help_itself();
  CHECK(world.coordinator()
            .fleet.put_keys(world.gateways.front().id, world.keys_of(world.gateways.front()))
            .index() == 1);
}
