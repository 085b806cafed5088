#include "storage/database.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;

TEST_CASE("what was committed is there at the next open") {
  const Folder folder;
  {
    Database database(folder / "test.db", {notes}, noon);
    add_note(database, "kept");
  }
  Database database(folder / "test.db", {notes}, noon);
  CHECK(count_notes(database) == 1);
  CHECK(database.set_aside().empty());
}

TEST_CASE("the connection is exclusive, write-ahead, fully synchronous and checks references") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  const auto pragma = [&](const std::string& name) {
    Statement value = database.prepare("PRAGMA " + name);
    value.step();
    return value.string(0);
  };
  CHECK(pragma("locking_mode") == "exclusive");
  CHECK(pragma("journal_mode") == "wal");
  CHECK(pragma("synchronous") == "2");
  CHECK(pragma("foreign_keys") == "1");
  CHECK_FALSE(std::filesystem::exists(folder / "test.db-shm"));
  CHECK(failure_of([&] {
          database.run("INSERT INTO notes (text, author) VALUES ('x', 'nobody')");
        }) == FailureKind::other);
}

TEST_CASE("run tells how many rows changed") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  add_note(database, "a");
  add_note(database, "b");
  CHECK(database.run("UPDATE notes SET text = 'c'") == 2);
  CHECK(database.run("DELETE FROM notes WHERE text = ?", "a") == 0);
}

TEST_CASE("a transaction is all or nothing") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  const auto interrupted = [&] {
    database.transaction([&] {
      add_note(database, "a");
      add_note(database, "b");
      throw std::runtime_error("changed my mind");
    });
  };
  CHECK_THROWS_AS(interrupted(), std::runtime_error);
  CHECK(count_notes(database) == 0);

  const int result = database.transaction([&] {
    add_note(database, "a");
    add_note(database, "b");
    return 7;
  });
  CHECK(result == 7);
  CHECK(count_notes(database) == 2);
}

TEST_CASE("a transaction inside a transaction is a mistake, and rolls back") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  const auto nested = [&] {
    database.transaction([&] {
      add_note(database, "outer");
      database.transaction([&] { add_note(database, "inner"); });
    });
  };
  CHECK_THROWS_AS(nested(), std::logic_error);
  CHECK(count_notes(database) == 0);
  database.transaction([&] { add_note(database, "after"); });
  CHECK(count_notes(database) == 1);
}

TEST_CASE("an interrupted reader does not keep a transaction from ending") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  add_note(database, "a");
  add_note(database, "b");
  Statement reader = database.prepare("SELECT text FROM notes");
  REQUIRE(reader.step());
  database.transaction([&] { add_note(database, "c"); });
  CHECK(count_notes(database) == 3);
}
