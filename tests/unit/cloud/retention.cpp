// What a coordinator keeps of rounds that have ended, and what it never forgets.
#include <doctest/doctest.h>

#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::cloud;
using tests::SiteWorld;

namespace {

constexpr std::uint32_t kept = 100;

// A task of two gateways for as many rounds as a test wants.
TaskId endless_task(SiteWorld& world) {
  world.coordinator().store.old.keep_rounds(kept);
  world.coordinator().store.models.keep_newest(10);
  world.join_all();
  auto spec = world.spec(world.import_model(200));
  spec.replace(spec.find("\"rounds\": 3"), 11, "\"rounds\": 100000");
  const auto created = world.coordinator().board.create(spec);
  world.pass(std::chrono::seconds{3});
  return std::get<TaskId>(created);
}

void restart(SiteWorld& world) {
  world.restart();
  world.coordinator().store.old.keep_rounds(kept);
  world.coordinator().store.models.keep_newest(10);
}

// Both gateways give up: the round is abandoned, and tried again a little later.
void abandon_round(SiteWorld& world, const TaskId& task) {
  const auto ctx = world.ctx_of(task, world.gateways[0]);
  REQUIRE(world.coordinator()
              .rounds
              .put_abandon(world.gateways[0].id, ctx, world.abandon_body(task, world.gateways[0]))
              .index() == 0);
  if (world.coordinator().rounds.open_round(task) != nullptr) {
    const auto other = world.ctx_of(task, world.gateways[1]);
    REQUIRE(
        world.coordinator()
            .rounds
            .put_abandon(world.gateways[1].id, other, world.abandon_body(task, world.gateways[1]))
            .index() == 0);
  }
  world.pass(std::chrono::seconds{2});
}

std::uint64_t highest(SiteWorld& world, const TaskId& task) {
  return world.coordinator().board.find(task)->row.progress.round;
}

void run_rounds(SiteWorld& world, const TaskId& task, std::uint64_t until) {
  while (highest(world, task) < until) {
    for (const auto& gateway : world.gateways) world.coordinator().fleet.seen(gateway.id);
    if (highest(world, task) % 10 == 7) {
      abandon_round(world, task);
    } else {
      world.release_round(task);
      world.pass(std::chrono::seconds{1});
    }
  }
}

// The chain of release records that are kept: each names the one before.
void check_chain(store::Store& store, const TaskId& task) {
  std::optional<Hash> previous;
  for (const auto& row : store.rounds.of_task(task, 0, 100'000)) {
    for (const auto& release : store.releases.of_round(row.key)) {
      v1::Release body;
      REQUIRE(body.ParseFromString(release.body));
      if (previous) CHECK(body.previous() == previous->raw());
      previous = release.hash;
    }
  }
  CHECK(previous == store.releases.last_hash(task));
}

}  // namespace

TEST_CASE("R20, R8: after 2,000 rounds the database is as large as after 1,000") {
  SiteWorld world(2, 3);
  const auto task = endless_task(world);
  auto& store = [&]() -> store::Store& { return world.coordinator().store; }();
  run_rounds(world, task, 1000);
  const auto size = store.bytes();
  CHECK(store.rounds.of_task(task, 0, 100'000).size() <= kept + store::OldRows::step + 1);
  run_rounds(world, task, 2000);
  MESSAGE("database after 1,000 rounds " << size << " bytes, after 2,000 " << store.bytes());
  CHECK(store.bytes() <= size * 105 / 100);
  const auto rounds = store.rounds.of_task(task, 0, 100'000);
  CHECK(rounds.size() <= kept + store::OldRows::step + 1);
  CHECK(rounds.size() > kept);
  CHECK(rounds.back().key.round == 2000);
  CHECK(store.models.all().size() <= kept + 2 * store::OldRows::step + 2);
  CHECK_FALSE(store.rounds.find({task, 1}));
  CHECK(store.rounds.parts({task, 1}).empty());
  CHECK(store.releases.of_round({task, 1}).empty());
  check_chain(store, task);
}

TEST_CASE(
    "R1, R23: what is forgotten changes nothing: the same numbers, the same answers, after a "
    "restart too") {
  SiteWorld world(2, 3);
  const auto task = endless_task(world);
  run_rounds(world, task, kept + 2 * store::OldRows::step);
  restart(world);
  world.join_all();
  // The ledger is the number of rounds: it never goes back, and no number is used twice.
  CHECK(highest(world, task) == kept + 2 * store::OldRows::step);
  const auto last = highest(world, task);
  const auto ctx = world.ctx_of(task, world.gateways[0]);
  world.release_round(task);
  CHECK(highest(world, task) == last + 1);
  // A statement about a round that is kept is told from one about a round that is not.
  const auto& rounds = world.coordinator().rounds;
  CHECK(rounds.outcomes().of(world.gateways[0].id).back().ctx_hash() == ctx.raw());
  CHECK(rounds.outcomes().of(world.gateways[0].id).size() == engine::Outcomes::kept);
}

TEST_CASE(
    "R23: no open round, no VOID that is still shown and no end of a chain is forgotten, at any "
    "age") {
  SiteWorld world(2, 3);
  const auto task = endless_task(world);
  auto& store = world.coordinator().store;
  world.release_round(task);
  world.pass(std::chrono::seconds{1});
  const auto released = *store.releases.last_hash(task);
  // From here on every round is abandoned with the same model, as numbers of groups leave gaps.
  auto progress = store.tasks.all().at(0).progress;
  const auto open = progress.round;
  progress.round = 5000;
  store.tasks.put_progress(task, progress);
  store::RoundRow row;
  row.opened_at = world.now;
  for (std::uint64_t number = 100; number < 100 + 3 * store::OldRows::step; ++number) {
    row.key = {task, number};
    row.model_before = progress.model;
    store.rounds.add(row);
    row.state = store::RoundState::abandoned;
    row.closed_at = world.now;
    store.rounds.close(row);
  }
  CHECK_FALSE(store.old.forget(task));
  CHECK(store.rounds.find({task, 1}));
  CHECK(store.rounds.find({task, open})->state == store::RoundState::open);
  CHECK(store.rounds.find({task, 100}));
  // Another model: then they go, but neither the open round nor the end of the chain.
  progress.model = world.import_model(7);
  store.tasks.put_progress(task, progress);
  CHECK(store.old.forget(task));
  CHECK(store.old.forget(task));
  CHECK(store.old.forget(task));
  CHECK_FALSE(store.old.forget(task));
  CHECK_FALSE(store.rounds.find({task, 100}));
  CHECK(store.rounds.find({task, 1}));
  CHECK(store.releases.last_hash(task) == released);
  CHECK(store.rounds.find({task, open})->state == store::RoundState::open);
}
