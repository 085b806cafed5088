// R4: what was acknowledged survives a loss of power, on a disk that drops, reorders and tears what was
// not synced. Each seed is a few lives of a program with a database, an outbox and a journal.
#include <doctest/doctest.h>

#include <cerrno>
#include <optional>
#include <string>

#include "storage/journal.hpp"
#include "storage/outbox.hpp"
#include "storage/schema/outbox/schema.hpp"
#include "tests/disk/disk.hpp"
#include "tests/disk/seeds.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;
using tributary::disk::Chance;
using tributary::disk::Disk;

namespace {

using Bytes = std::vector<std::uint8_t>;

// What a program believes to be on disk.
struct Facts {
  std::vector<std::string> notes;
  std::vector<std::string> outbox;  // keys, in order
  bool operator==(const Facts&) const = default;
};

std::string text_of(std::uint64_t number, std::size_t size) {
  std::string text = std::to_string(number) + ":";
  while (text.size() < size) text += static_cast<char>('a' + (number + text.size()) % 26);
  return text;
}

Facts facts_of(Database& database) {
  Facts facts;
  Statement notes = database.prepare("SELECT text FROM notes ORDER BY id");
  while (notes.step()) facts.notes.push_back(notes.string(0));
  for (const auto& message : Outbox(database).due(noon + std::chrono::hours(1), 100'000)) {
    CHECK(std::string(message.content.begin(), message.content.end()) == message.key + "!");
    facts.outbox.push_back(message.key);
  }
  return facts;
}

// One program on one folder over several lives.
class World {
 public:
  explicit World(std::uint64_t seed) : chance_(seed), disk_(folder_.path()) {}

  void live_until_cut() {
    disk_.cut_at(1 + chance_() % 400);
    try {
      open();
      for (int i = 0; i < 60 && !disk_.is_cut(); ++i) step();
    } catch (const Failure&) {
      CHECK(disk_.is_cut());  // nothing else fails
    }
    disk_.cut();
    journal_.reset();
    database_.reset();
  }
  // The program ends at the first failing call, as it does with kind io.
  void live_until_failure() {
    disk_.fail({1 + chance_() % 600, EIO, false});
    try {
      open();
      for (int i = 0; i < 60; ++i) step();
    } catch (const Failure&) {
      CHECK(disk_.failed());
    }
    disk_.heal();
    be_killed();
  }
  void lose_power() { disk_.restart_after_power_loss(chance_()); }
  void be_killed() {
    disk_.cut();
    journal_.reset();
    database_.reset();
    disk_.restart_after_kill();
  }

  // Opens what is left, which compares it with what was acknowledged.
  void check() {
    open();
    journal_.reset();
    database_.reset();
  }

 private:
  void open() {
    database_.emplace(folder_ / "test.db",
                      std::initializer_list<SchemaSet>{notes, tributary::schema::outbox}, noon);
    if (chance_() % 2 == 0) database_->run("PRAGMA wal_autocheckpoint = 6");
    const std::string aside = database_->set_aside();
    CHECK(aside == "");
    const Facts facts = facts_of(*database_);
    const bool before = facts == known_;
    const bool after = wanted_ && facts == *wanted_;
    CHECK((before || after));
    known_ = facts;
    wanted_.reset();
    open_journal();
  }

  void open_journal() {
    journal_.emplace(folder_ / "journal");
    std::vector<Bytes> found;
    journal_->scan([&](auto, std::uint32_t, Journal::Part payload) {
      found.emplace_back(payload.begin(), payload.end());
    });
    // A prefix of what was appended, whole, with all that was synced.
    REQUIRE(found.size() >= synced_);
    REQUIRE(found.size() <= appended_.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == appended_[i]);
    appended_.resize(found.size());
    synced_ = found.size();
    for (const std::string& note : known_.notes) {
      if (note.starts_with("journal ")) CHECK(synced_ >= std::stoull(note.substr(8)));
    }
  }

  void step() {
    switch (chance_() % 6) {
      case 0:
        return deliver();
      case 1:
        return append();
      case 2:
        return refer_to_journal();
      case 3:
        if (chance_() % 8 == 0) return reopen();
        [[fallthrough]];
      default:
        return transact();
    }
  }

  void acknowledge() {
    known_ = *wanted_;
    wanted_.reset();
  }

  void transact() {
    wanted_ = known_;
    std::vector<std::string> fresh;
    for (auto i = 1 + chance_() % 4; i > 0; --i) {
      fresh.push_back(text_of(++number_, chance_() % 5 == 0 ? 6000 : 20));
    }
    const std::string key = "k" + std::to_string(++number_);
    const std::string content = key + "!";
    wanted_->notes.insert(wanted_->notes.end(), fresh.begin(), fresh.end());
    wanted_->outbox.push_back(key);
    database_->transaction([&] {
      for (const auto& text : fresh) add_note(*database_, text);
      Outbox(*database_).put(key, "x", Bytes(content.begin(), content.end()), noon);
    });
    acknowledge();
  }

  void deliver() {
    if (known_.outbox.empty()) return;
    wanted_ = known_;
    const auto at = static_cast<std::ptrdiff_t>(chance_() % known_.outbox.size());
    const std::string key = known_.outbox[static_cast<std::size_t>(at)];
    wanted_->outbox.erase(wanted_->outbox.begin() + at);
    const bool removed = Outbox(*database_).delivered(key);
    CHECK(removed);
    acknowledge();
  }

  void append() {
    for (auto i = 1 + chance_() % 3; i > 0; --i) {
      const std::string text = text_of(++number_, chance_() % 3000);
      appended_.emplace_back(text.begin(), text.end());
      journal_->append(1, {appended_.back()});
    }
  }

  // Bulk first, then the fact that refers to it.
  void refer_to_journal() {
    append();
    journal_->sync();
    synced_ = appended_.size();
    wanted_ = known_;
    wanted_->notes.push_back("journal " + std::to_string(synced_));
    add_note(*database_, wanted_->notes.back());
    acknowledge();
  }

  void reopen() {
    journal_.reset();
    database_.reset();
    open();
  }

  Chance chance_;
  Folder folder_;
  Disk disk_;
  std::optional<Database> database_;
  std::optional<Journal> journal_;
  std::uint64_t number_ = 0;
  Facts known_;                  // acknowledged
  std::optional<Facts> wanted_;  // by the call that was under way
  std::vector<Bytes> appended_;
  std::size_t synced_ = 0;
};

}  // namespace

TEST_CASE("R4: what was acknowledged is there after a loss of power, whole and in order") {
  tributary::disk::for_seeds(400, [](std::uint64_t seed) {
    CAPTURE(seed);
    World world(seed);
    for (int life = 0; life < 3; ++life) {
      world.live_until_cut();
      world.lose_power();
      world.check();
    }
  });
}

// A killed program leaves data that its successor reads and that is not on the medium yet.
TEST_CASE("R4: what a successor of a killed program believes survives a loss of power") {
  tributary::disk::for_seeds(150, [](std::uint64_t seed) {
    CAPTURE(seed);
    World world(seed);
    for (int life = 0; life < 2; ++life) {
      world.live_until_cut();
      world.be_killed();
      world.live_until_cut();
      world.lose_power();
      world.check();
    }
  });
}

// R6: after a failed sync the kernel shows data that the medium never got. The program ends; what its
// successor builds on must be what the medium has.
TEST_CASE("R6: a failed sync, a restart, then a loss of power") {
  tributary::disk::for_seeds(300, [](std::uint64_t seed) {
    CAPTURE(seed);
    World world(seed);
    for (int life = 0; life < 2; ++life) {
      world.live_until_failure();
      world.live_until_cut();
      world.lose_power();
      world.check();
    }
  });
}

TEST_CASE("R4: a migration that power interrupts at any write is resumed") {
  tributary::disk::for_seeds(8, [](std::uint64_t seed) {
    for (std::uint64_t change = 1;; ++change) {
      CAPTURE(seed);
      CAPTURE(change);
      const Folder folder;
      Disk disk(folder.path());
      {
        Database before(folder / "test.db", {notes_before}, noon);
        add_note(before, "old");
      }
      disk.cut_at(change);
      bool done = false;
      try {
        Database database(folder / "test.db", {notes, tributary::schema::outbox}, noon);
        done = !disk.is_cut();
      } catch (const Failure&) {
        CHECK(disk.is_cut());
      }
      disk.cut();
      disk.restart_after_power_loss(seed * 1000 + change);
      {
        Database database(folder / "test.db", {notes, tributary::schema::outbox}, noon);
        CHECK(database.set_aside().empty());
        CHECK(count_notes(database) == 1);
        CHECK(database.run("INSERT INTO authors (name) VALUES ('me')") == 1);
        CHECK(Outbox(database).count() == 0);
      }
      if (done) break;
      REQUIRE(change < 1000);
    }
  });
}

// Without its syncs the journal would lose records: the disk must be able to show that.
TEST_CASE("the disk loses, tears and reorders what was not synced") {
  std::size_t lost = 0;
  std::size_t torn = 0;
  std::size_t kept = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Folder folder;
    { Journal journal(folder / "journal"); }
    Disk disk(folder.path());
    {
      Journal journal(folder / "journal");
      for (int i = 0; i < 8; ++i) journal.append(1, {Bytes(700, 7)});
      Bytes first(1);
      journal.read(Journal::head_bytes, first);  // written, not synced
    }
    disk.restart_after_power_loss(seed);
    Journal journal(folder / "journal");
    const auto scan = journal.scan([](auto, auto, auto) {});
    lost += scan.records == 0 ? 1 : 0;
    kept += scan.records == 8 ? 1 : 0;
    torn += scan.records > 0 && scan.records < 8 ? 1 : 0;
  }
  CHECK(lost > 10);
  CHECK(torn > 10);
  CHECK(kept > 10);
}
