// R5: the n-th call on a file fails, for n = 1, 2, 3 .. until the operation succeeds. Nothing leaks, nothing
// is acknowledged falsely, what was there stays, and the Failure is of the right kind.
#include <doctest/doctest.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>

#include "storage/journal.hpp"
#include "storage/outbox.hpp"
#include "storage/schema/outbox/schema.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;
using tributary::disk::Disk;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Broken {
  const char* name;
  int error;
  bool lasts;
  FailureKind kind;
};
constexpr Broken all_broken[] = {{"one I/O error", EIO, false, FailureKind::io},
                                 {"a dead medium", EIO, true, FailureKind::io},
                                 {"one refusal for space", ENOSPC, false, FailureKind::full},
                                 {"a full disk", ENOSPC, true, FailureKind::full}};

// A full disk is no answer to reading or syncing: what SQLite makes of it then is io. A file that cannot
// be opened for writing it tries to read, and if that can be done says no more than that.
bool fits(const Broken& broken, const Failure& failure) {
  const FailureKind kind = failure.kind();
  if (!broken.lasts && kind == FailureKind::other) {
    return std::string(failure.what()).ends_with("unable to open database file");
  }
  return kind == broken.kind || (broken.kind == FailureKind::full && kind == FailureKind::io);
}

class World {
 public:
  World() : disk(folder.path()) {}
  Folder folder;
  Disk disk;
  std::filesystem::path database() const { return folder / "test.db"; }
};

// `prepare` makes a fresh world's content. `attempt` is what may fail, `after` sees the disk healed
// and reopened: whether the attempt was acknowledged, and what is there.
struct Trial {
  std::function<void(World&)> prepare;
  std::function<void(World&)> attempt;
  std::function<void(World&, bool acknowledged)> after;
};

void fail_every_call(const Trial& trial) {
  for (const Broken& broken : all_broken) {
    const std::string name = broken.name;
    CAPTURE(name);
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      World world;
      trial.prepare(world);
      world.disk.fail({nth, broken.error, broken.lasts});
      bool acknowledged = false;
      try {
        trial.attempt(world);
        acknowledged = true;
      } catch (const Failure& failure) {
        const std::string what = failure.what();
        CAPTURE(what);
        CHECK(world.disk.failed());
        CHECK(fits(broken, failure));
      }
      const bool met = world.disk.failed();
      world.disk.heal();
      trial.after(world, acknowledged);
      if (!met) {
        CHECK(acknowledged);
        break;
      }
      REQUIRE(nth < 500);
    }
  }
}

void make_notes(World& world) {
  Database database(world.database(), {notes_before}, noon);
  add_note(database, "old");
}

std::int64_t notes_in(World& world) {
  Database database(world.database(), {notes, tributary::schema::outbox}, noon);
  CHECK(database.set_aside().empty());
  return count_notes(database);
}

}  // namespace

TEST_CASE("R5: opening and migrating") {
  const Trial trial{make_notes,
                    [](World& world) {
                      Database database(world.database(), {notes, tributary::schema::outbox}, noon);
                    },
                    [](World& world, bool) { CHECK(notes_in(world) == 1); }};
  fail_every_call(trial);
}

TEST_CASE("R5: opening for the first time") {
  const Trial trial{[](World&) {},
                    [](World& world) {
                      Database database(world.database(), {notes, tributary::schema::outbox}, noon);
                    },
                    [](World& world, bool) { CHECK(notes_in(world) == 0); }};
  fail_every_call(trial);
}

TEST_CASE("R5: a transaction, and the same connection goes on") {
  std::optional<Database> database;
  const auto grow = [&](std::string_view text) {
    database->transaction([&] {
      for (int i = 0; i < 20; ++i) add_note(*database, std::string(1000, 'x'));
      add_note(*database, text);
    });
  };
  const Trial trial{[&](World& world) {
                      database.emplace(world.database(), std::initializer_list<SchemaSet>{notes},
                                       noon);
                      database->run("PRAGMA wal_autocheckpoint = 8");
                      add_note(*database, "old");
                    },
                    [&](World&) { grow("new"); },
                    [&](World& world, bool acknowledged) {
                      CHECK(count_notes(*database) == (acknowledged ? 22 : 1));
                      grow("again");
                      database.reset();
                      CHECK(notes_in(world) == (acknowledged ? 43 : 22));
                    }};
  fail_every_call(trial);
}

TEST_CASE("R5: put and delivered") {
  std::optional<Database> database;
  const Trial trial{[&](World& world) {
                      database.emplace(world.database(),
                                       std::initializer_list<SchemaSet>{tributary::schema::outbox},
                                       noon);
                      Outbox(*database).put("old", "x", Bytes(3000, 1), noon);
                    },
                    [&](World&) {
                      Outbox outbox(*database);
                      outbox.put("new", "x", Bytes(3000, 2), noon);
                      outbox.delivered("old");
                    },
                    [&](World& world, bool acknowledged) {
                      database.reset();
                      Database again(world.database(), {tributary::schema::outbox}, noon);
                      const auto due = Outbox(again).due(noon, 10);
                      REQUIRE_FALSE(due.empty());
                      if (acknowledged) {
                        CHECK(due.size() == 1);
                        CHECK(due[0].key == "new");
                      } else {
                        CHECK((due[0].key == "old" || due[0].key == "new"));
                      }
                    }};
  fail_every_call(trial);
}

TEST_CASE("R5: a journal's append, sync and scan") {
  const auto count = [](Journal& journal) {
    return journal.scan([](auto, auto, Journal::Part part) { CHECK(part.size() == 2000); }).records;
  };
  const Trial trial{[](World& world) {
                      Journal journal(world.folder / "journal");
                      journal.append(1, {Bytes(2000, 1)});
                      journal.sync();
                    },
                    [&](World& world) {
                      Journal journal(world.folder / "journal");
                      const auto found = count(journal);
                      CHECK(found == 1);
                      for (int i = 0; i < 3; ++i) journal.append(1, {Bytes(2000, 2)});
                      journal.sync();
                    },
                    [&](World& world, bool acknowledged) {
                      Journal journal(world.folder / "journal");
                      const auto found = count(journal);
                      CHECK(found >= (acknowledged ? 4 : 1));
                      CHECK(found <= 4);
                    }};
  fail_every_call(trial);
}

TEST_CASE("R5: a full journal forgets what it has not promised and goes on") {
  std::optional<Journal> journal;
  const Trial trial{[&](World& world) {
                      journal.emplace(world.folder / "journal");
                      journal->append(1, {Bytes(2000, 1)});
                      journal->sync();
                    },
                    [&](World&) {
                      journal->append(1, {Bytes(2000, 2)});
                      journal->sync();
                    },
                    [&](World& world, bool acknowledged) {
                      bool usable = true;
                      try {
                        journal->append(1, {Bytes(2000, 3)});
                        journal->sync();
                      } catch (const Failure& failure) {
                        usable = false;
                        CHECK(failure.kind() == FailureKind::io);
                        CHECK_FALSE(acknowledged);
                      }
                      journal.reset();
                      Journal again(world.folder / "journal");
                      std::vector<std::uint8_t> kinds;
                      again.scan([&](auto, auto, Journal::Part part) { kinds.push_back(part[0]); });
                      REQUIRE_FALSE(kinds.empty());
                      CHECK(kinds[0] == 1);
                      if (usable) CHECK(kinds.back() == 3);
                    }};
  fail_every_call(trial);
}

TEST_CASE("R5: a journal that cannot be removed is still there or is gone") {
  const Trial trial{[](World& world) {
                      Journal journal(world.folder / "journal");
                      journal.append(1, {Bytes(2000, 1)});
                      journal.sync();
                    },
                    [](World& world) {
                      Journal journal(world.folder / "journal");
                      journal.remove();
                    },
                    [](World& world, bool acknowledged) {
                      world.disk.restart_after_power_loss(1);
                      const bool there = std::filesystem::exists(world.folder / "journal");
                      if (acknowledged) CHECK_FALSE(there);
                    }};
  fail_every_call(trial);
}
