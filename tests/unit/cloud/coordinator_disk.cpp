// The coordinator in the middle of rounds on a disk that fails, and what a round costs a disk that wears.
#include <doctest/doctest.h>

#include <cerrno>

#include "tests/disk/disk.hpp"
#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::cloud;
using disk::Disk;
using tests::SiteWorld;

namespace {

const std::vector<std::size_t> everybody{0, 1, 2, 3};

// The world's files from now on are the disk's.
void begin_on(SiteWorld& world, std::optional<Disk>& disk) {
  world.stop();
  disk.emplace(world.folder());
  world.restart();
}

// A life that ends with a loss of power, and the next one.
void lose_power(SiteWorld& world, Disk& disk, std::uint64_t seed) {
  disk.cut();
  world.stop();
  disk.heal();
  disk.restart_after_power_loss(seed);
  world.restart();
  CHECK(world.coordinator().store.all_set_aside().empty());
  world.join_all();
}

struct Said {
  bool done = false;    // answered: recorded
  bool failed = false;  // the disk did: the program ends
};

template <class Put>
Said say(const Put& put) {
  try {
    return {put().index() == 0, false};
  } catch (const storage::Failure& failure) {
    // To SQLite a page that cannot be read may be a damaged one: the program ends in either case, and nothing
    // is set aside before the file has been read through.
    CHECK((failure.kind() == storage::FailureKind::io ||
           failure.kind() == storage::FailureKind::corrupt));
    return {false, true};
  }
}

}  // namespace

TEST_CASE(
    "R6, R5: whichever call fails under a sum of an open round, what was answered is kept and the "
    "round goes on") {
  for (const int kind : {0, 1}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(kind);
      CAPTURE(nth);
      SiteWorld world(2, 4);
      std::optional<Disk> disk;
      begin_on(world, disk);
      const auto task = world.start_task();
      const auto& gateway = world.gateways.front();
      const auto ctx = world.ctx_of(task, gateway);
      const auto made = world.contribute(task, gateway, everybody);
      auto& rounds = world.coordinator().rounds;
      if (kind == 1) REQUIRE(rounds.put_sum(gateway.id, ctx, made.sum).index() == 0);
      disk->fail({nth, EIO, true});
      const auto said =
          kind == 0 ? say([&] { return rounds.put_sum(gateway.id, ctx, made.sum); }) : say([&] {
            return rounds.put_mask_sum(world.helper_of(gateway).id, ctx, made.mask_sum);
          });
      CHECK(said.done != said.failed);
      const bool met = disk->failed();
      lose_power(world, *disk, nth);
      const auto events = world.coordinator().store.rounds.events_of(ctx);
      if (said.done) CHECK(events.size() == static_cast<std::size_t>(kind + 1));
      // The gateway and the helper say it again, and the round comes to its release.
      auto& again = world.coordinator().rounds;
      CHECK(again.put_sum(gateway.id, ctx, made.sum).index() == 0);
      CHECK(again.put_mask_sum(world.helper_of(gateway).id, ctx, made.mask_sum).index() == 0);
      const auto& other = world.gateways.back();
      const auto last = world.ctx_of(task, other);
      const auto rest = world.contribute(task, other, everybody);
      CHECK(again.put_sum(other.id, last, rest.sum).index() == 0);
      CHECK(again.put_mask_sum(world.helper_of(other).id, last, rest.mask_sum).index() == 0);
      CHECK(world.coordinator().store.rounds.find({task, 1})->state == store::RoundState::released);
      CHECK(world.coordinator().store.releases.of_round({task, 1}).size() == 2);
      if (!met) break;
      REQUIRE(nth < 100);
    }
  }
}

TEST_CASE(
    "R6, R23: whichever call fails under a release, it happens once, and the number of rounds "
    "never goes back") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    SiteWorld world(2, 4);
    std::optional<Disk> disk;
    begin_on(world, disk);
    const auto task = world.start_task();
    std::vector<tests::Contribution> made;
    std::vector<Hash> contexts;
    for (const auto& gateway : world.gateways) {
      contexts.push_back(world.ctx_of(task, gateway));
      made.push_back(world.contribute(task, gateway, everybody));
      REQUIRE(world.coordinator()
                  .rounds.put_sum(gateway.id, contexts.back(), made.back().sum)
                  .index() == 0);
    }
    const auto put_mask = [&](std::size_t i) {
      return world.coordinator().rounds.put_mask_sum(world.helper_of(world.gateways[i]).id,
                                                     contexts[i], made[i].mask_sum);
    };
    REQUIRE(put_mask(0).index() == 0);
    disk->fail({nth, EIO, true});
    // The release comes with the last answer, and with it the next round's opening.
    const auto said = say([&] { return put_mask(1); });
    const bool met = disk->failed();
    CHECK((said.done || said.failed));
    lose_power(world, *disk, nth);
    if (world.coordinator().store.rounds.find({task, 1})->state == store::RoundState::open) {
      CHECK(put_mask(1).index() == 0);
    }
    world.pass(std::chrono::seconds{3});
    auto& store = world.coordinator().store;
    CHECK(store.rounds.find({task, 1})->state == store::RoundState::released);
    CHECK(store.releases.of_round({task, 1}).size() == 2);
    CHECK(store.tasks.all().at(0).progress.released == 1);
    CHECK(store.tasks.all().at(0).progress.round == 2);
    CHECK(store.rounds.open().size() == 1);
    if (!met) break;
    REQUIRE(nth < 300);
  }
}

// What a statement says goes into the log, and from there into the database: twice. Gated with a tenth.
TEST_CASE(
    "R26: a round costs the coordinator twice what it is told and the model it makes, and a little "
    "more") {
  constexpr std::uint32_t parameters = 20'000;
  constexpr std::uint64_t rounds = 24;
  SiteWorld world(2, 4);
  std::optional<Disk> disk;
  begin_on(world, disk);
  world.coordinator().store.models.keep_newest(4);
  world.join_all();
  auto spec = world.spec(world.import_model(parameters));
  spec.replace(spec.find("\"rounds\": 3"), 11, "\"rounds\": 99");
  const auto task = std::get<TaskId>(world.coordinator().board.create(spec));
  world.pass(std::chrono::seconds{3});
  const auto run = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      world.release_round(task);
      world.pass(std::chrono::seconds{1});
    }
  };
  run(8);
  const auto before = disk->written();
  run(rounds);
  const auto each = (disk->written() - before) / rounds;
  // Two sums, two mask sums and a model of 4 bytes for each parameter.
  constexpr std::uint64_t told = 5 * 4 * std::uint64_t{parameters};
  MESSAGE("bytes written per round of two gateways and " << parameters << " parameters: " << each
                                                         << ", told and made " << told);
  CHECK(each > told);
  CHECK(each < 2 * told * 115 / 100);
}
