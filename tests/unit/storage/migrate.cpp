#include <doctest/doctest.h>

#include <string>

#include "storage/database.hpp"
#include "storage/schema/outbox/schema.hpp"
#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;
namespace schema = tributary::schema;

TEST_CASE("an older database is brought up to date and keeps its rows") {
  const Folder folder;
  {
    Database before(folder / "test.db", {notes_before}, noon);
    add_note(before, "old");
  }
  Database database(folder / "test.db", {notes}, noon);
  CHECK(count_notes(database) == 1);
  CHECK(database.run("INSERT INTO authors (name) VALUES ('me')") == 1);
}

TEST_CASE("sets count their versions on their own") {
  const Folder folder;
  { Database before(folder / "test.db", {notes_before}, noon); }
  Database database(folder / "test.db", {schema::outbox, notes}, noon);
  Statement rows = database.prepare(
      "SELECT schema || version || name FROM schema_migrations ORDER BY schema, version");
  std::vector<std::string> applied;
  while (rows.step()) applied.push_back(rows.string(0));
  CHECK(applied ==
        std::vector<std::string>{"notes1notes", "notes2authors", "outbox1outbox", "outbox2size"});
}

TEST_CASE("a newer version is refused and left as it is") {
  const Folder folder;
  {
    Database database(folder / "test.db", {notes}, noon);
    add_note(database, "new");
  }
  try {
    Database database(folder / "test.db", {notes_before}, noon);
    FAIL("opened a newer database");
  } catch (const Failure& failure) {
    CHECK(failure.kind() == FailureKind::newer);
    CHECK(std::string(failure.what()).find("'notes' is at version 2") != std::string::npos);
    CHECK(std::string(failure.what()).find("knows 1") != std::string::npos);
  }
  Database database(folder / "test.db", {notes}, noon);
  CHECK(count_notes(database) == 1);
}

TEST_CASE("another program's database is refused") {
  const Folder folder;
  { Database database(folder / "test.db", {notes}, noon); }
  const auto open = [&] { Database database(folder / "test.db", {schema::outbox}, noon); };
  CHECK(failure_of(open) == FailureKind::newer);
}

TEST_CASE("a migration that fails halfway leaves nothing of itself") {
  static constexpr Migration broken_migrations[] = {
      notes_migrations[0],
      {2, "broken", "CREATE TABLE half (id INTEGER); INSERT INTO absent VALUES (1);"}};
  const SchemaSet broken{"notes", broken_migrations};
  const Folder folder;
  const auto open = [&] { Database database(folder / "test.db", {broken}, noon); };
  CHECK(failure_of(open) == FailureKind::other);
  Database database(folder / "test.db", {notes}, noon);
  CHECK(failure_of([&] { database.prepare("SELECT * FROM half"); }) == FailureKind::other);
}
