// The coordinator's store on a disk that fails or is full, and what it keeps of old models.
#include <doctest/doctest.h>

#include <cerrno>
#include <functional>
#include <stdexcept>

#include "cloud/store/store.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/storage/folder.hpp"

using namespace tributary;
using namespace tributary::cloud::store;
using disk::Disk;
using storage::test::Folder;

namespace {

constexpr std::chrono::sys_seconds noon{std::chrono::seconds(1'800'000'000)};

template <class Id>
Id numbered(std::uint8_t number) {
  Id id;
  id.bytes.fill(number);
  return id;
}

const TaskId task = numbered<TaskId>(1);
const Hash ctx_hash = numbered<Hash>(2);
const RoundKey key{task, 1};

ModelRow model(std::uint8_t number, std::optional<TaskId> of) {
  ModelRow row;
  row.hash = numbered<Hash>(number);
  row.name = "m";
  row.architecture = "synthetic:100";
  row.parameters = 100;
  row.version = number;
  row.task = of;
  if (of) row.round = number;
  row.created_at = noon;
  return row;
}

const Bytes content(40'000, 5);

// An open round with one part and its sum.
void prepare(Store& store) {
  store.atomically([&] {
    store.models.put(model(10, std::nullopt), content);
    TaskRow row;
    row.id = task;
    row.name = "t";
    row.spec = "{}";
    row.created_at = noon;
    row.progress.state = TaskState::running;
    row.progress.model = numbered<Hash>(10);
    row.progress.round = 1;
    store.tasks.add(row);
    RoundRow round;
    round.key = key;
    round.opened_at = noon;
    round.model_before = numbered<Hash>(10);
    store.rounds.add(round);
    PartRow part;
    part.ctx_hash = ctx_hash;
    part.key = key;
    store.rounds.add_part(part, 0);
    EventRow event;
    event.ctx_hash = ctx_hash;
    event.received_at = noon;
    event.body = std::string(30'000, 'w');
    store.rounds.add_event(event);
  });
}

void release(Store& store) {
  store.atomically([&] {
    store.models.put(model(11, task), content);
    store.releases.add(key, {ctx_hash, "release", {}, numbered<Hash>(20)});
    auto round = *store.rounds.find(key);
    round.state = RoundState::released;
    round.closed_at = noon;
    round.model_after = numbered<Hash>(11);
    store.rounds.close(round);
    store.rounds.forget_bodies(key);
    auto progress = store.tasks.all().at(0).progress;
    progress.model = numbered<Hash>(11);
    progress.released = 1;
    store.tasks.put_progress(task, progress);
  });
}

// All of a release or nothing of it.
bool released(Store& store) {
  const bool is = store.rounds.find(key)->state == RoundState::released;
  CHECK(store.rounds.open().empty() == is);
  CHECK(store.releases.of_round(key).size() == (is ? 1 : 0));
  CHECK(store.models.content(numbered<Hash>(11)).has_value() == is);
  CHECK(store.rounds.events(key).at(0).body.empty() == is);
  CHECK(store.tasks.all().at(0).progress.released == (is ? 1 : 0));
  return is;
}

// A change of the store, and whether all of it is there. `there` checks that it is all or nothing.
struct Change {
  const char* name;
  std::function<void(Store&)> make;
  std::function<bool(Store&)> there;
};

const GatewayId gateway = numbered<GatewayId>(3);
const HelperId helper = numbered<HelperId>(4);
const VoidScope scope{key, gateway};

void open_second(Store& store) {
  store.atomically([&] {
    RoundRow round;
    round.key = {task, 2};
    round.opened_at = noon;
    round.model_before = numbered<Hash>(10);
    store.rounds.add(round);
    PartRow part;
    part.ctx_hash = numbered<Hash>(30);
    part.key = round.key;
    store.rounds.add_part(part, 0);
    auto progress = store.tasks.all().at(0).progress;
    progress.round = 2;
    store.tasks.put_progress(task, progress);
  });
}

void abandon(Store& store) {
  store.atomically([&] {
    auto round = *store.rounds.find(key);
    round.state = RoundState::abandoned;
    round.closed_at = noon;
    store.rounds.close(round);
    store.rounds.forget_bodies(key);
    store.voids.ask(scope, helper, noon);
  });
}

bool abandoned(Store& store) {
  const bool is = store.rounds.find(key)->state == RoundState::abandoned;
  CHECK(store.voids.asked(helper, 8).size() == (is ? 1 : 0));
  CHECK(store.rounds.events(key).at(0).body.empty() == is);
  return is;
}

// Thirty-two ended rounds with another model, numbered so low that they are old.
void add_old_rounds(Store& store) {
  store.atomically([&] {
    for (std::uint64_t number = 100; number < 132; ++number) {
      RoundRow round;
      round.key = {task, number};
      round.opened_at = noon;
      round.model_before = numbered<Hash>(99);
      store.rounds.add(round);
      round.state = RoundState::abandoned;
      round.closed_at = noon;
      store.rounds.close(round);
    }
    auto progress = store.tasks.all().at(0).progress;
    progress.round = 1000;
    store.tasks.put_progress(task, progress);
  });
}

const std::vector<Change>& changes() {
  static const std::vector<Change> all{
      {"open a round", open_second,
       [](Store& store) {
         const bool is = store.rounds.find({task, 2}).has_value();
         CHECK(store.rounds.part(numbered<Hash>(30)).has_value() == is);
         CHECK((store.tasks.all().at(0).progress.round == 2) == is);
         return is;
       }},
      {"record a statement",
       [](Store& store) {
         store.rounds.add_event({ctx_hash, EventKind::mask_sum, helper, numbered<Hash>(40), noon,
                                 std::string(30'000, 'm')});
       },
       [](Store& store) { return store.rounds.events(key).size() == 2; }},
      {"abandon a round", abandon, abandoned},
      {"take a roster",
       [](Store& store) {
         store.gateways.put_keys({gateway, "site", "1", "keys", {}, noon});
         store.gateways.put_roster({numbered<Hash>(50), gateway, 3, std::string(9000, 'r')});
       },
       [](Store& store) {
         const auto known = store.gateways.all();
         const bool is = !known.empty() && known[0].roster_hash.has_value();
         CHECK(store.gateways.roster(numbered<Hash>(50)).has_value() == is);
         return is;
       }},
      {"forget old rounds",
       [](Store& store) {
         add_old_rounds(store);
         store.old.keep_rounds(100);
         if (!store.old.forget(task)) throw std::logic_error("nothing was forgotten");
       },
       [](Store& store) {
         const auto left = store.rounds.of_task(task, 99, 100).size();
         CHECK((left == 0 || left == 16 || left == 32));
         CHECK(store.rounds.find(key)->state == RoundState::open);
         return left == 16;
       }}};
  return all;
}

}  // namespace

TEST_CASE(
    "R5: whichever call fails under a change of the coordinator's store, it is whole or absent, "
    "and never said and lost") {
  for (const auto& change : changes()) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(change.name);
      CAPTURE(nth);
      const Folder folder;
      Disk disk(folder.path());
      bool said = false;
      bool met = false;
      {
        Store store(folder.path(), noon);
        prepare(store);
        disk.fail({nth, EIO, true});
        try {
          change.make(store);
          said = true;
        } catch (const storage::Failure& failure) {
          CHECK((failure.kind() == storage::FailureKind::io ||
                 failure.kind() == storage::FailureKind::corrupt));
        }
        met = disk.failed();
        disk.cut();
      }
      disk.heal();
      disk.restart_after_power_loss(nth);
      Store store(folder.path(), noon);
      CHECK(store.set_aside().empty());
      const bool there = change.there(store);
      if (said) CHECK(there);
      if (!met) break;
      REQUIRE(nth < 300);
    }
  }
}

TEST_CASE(
    "R5, R23: whichever call fails in a release, all of it is there or nothing, also after a loss "
    "of power") {
  struct Broken {
    int error;
    bool lasts;
  };
  for (const Broken broken :
       {Broken{EIO, false}, Broken{EIO, true}, Broken{ENOSPC, false}, Broken{ENOSPC, true}}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(broken.error);
      CAPTURE(nth);
      const Folder folder;
      Disk disk(folder.path());
      bool acknowledged = false;
      bool met = false;
      {
        Store store(folder.path(), noon);
        prepare(store);
        disk.fail({nth, broken.error, broken.lasts});
        try {
          release(store);
          acknowledged = true;
        } catch (const storage::Failure& failure) {
          const bool full = failure.kind() == storage::FailureKind::full;
          CHECK((full || failure.kind() == storage::FailureKind::io));
          if (full) {
            // What the coordinator does: the round goes on and is ended again when there is room.
            disk.heal();
            store.probe();
            release(store);
            acknowledged = met = true;
          }
        }
        met = met || disk.failed();
        disk.cut();
      }
      disk.heal();
      disk.restart_after_power_loss(nth);
      Store store(folder.path(), noon);
      CHECK(store.set_aside().empty());
      if (acknowledged) CHECK(released(store));
      released(store);
      if (!met) break;
      REQUIRE(nth < 300);
    }
  }
}

TEST_CASE("R8: old models lose their content, not their lineage; what is in use keeps it") {
  const Folder folder;
  Store store(folder.path(), noon);
  prepare(store);
  release(store);
  store.models.keep_newest(3);
  for (std::uint8_t number = 12; number <= 20; ++number)
    store.models.put(model(number, task), content);
  const auto has = [&](std::uint8_t number) {
    return store.models.content(numbered<Hash>(number)).has_value();
  };
  CHECK(has(10));  // imported
  CHECK(has(11));  // the task stands at it
  for (std::uint8_t number = 12; number <= 17; ++number) CHECK_FALSE(has(number));
  for (std::uint8_t number = 18; number <= 20; ++number) CHECK(has(number));
  CHECK(store.models.all().size() == 11);
  CHECK(store.models.find(numbered<Hash>(12)).has_value());
}
