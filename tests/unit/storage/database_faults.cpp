// Opening and using databases that are in use, damaged or short of space.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "storage/database.hpp"
#include "tests/disk/file_image.hpp"
#include "tests/disk/seeds.hpp"
#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;

namespace {

void fill(const std::filesystem::path& path, int rows) {
  Database database(path, {notes}, noon);
  database.transaction([&] {
    for (int i = 0; i < rows; ++i) add_note(database, std::string(200, 'x'));
  });
}

// What a process that is killed leaves behind: the write-ahead log unmerged.
void fill_and_die(const std::filesystem::path& path, int rows) {
  const pid_t child = ::fork();
  if (child == 0) {
    Database database(path, {notes}, noon);
    for (int i = 0; i < rows; ++i) add_note(database, "kept");
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
}

}  // namespace

TEST_CASE("a second opener is told who is in the way") {
  const Folder folder;
  const auto path = folder / "test.db";
  Database first(path, {notes}, noon);
  try {
    Database second(path, {notes}, noon);
    FAIL("opened twice");
  } catch (const Failure& failure) {
    CHECK(failure.kind() == FailureKind::locked);
    CHECK(std::string(failure.what()).find(path.string()) != std::string::npos);
    CHECK(std::string(failure.what()).find("stop it") != std::string::npos);
  }
  add_note(first, "still mine");
  CHECK(count_notes(first) == 1);
}

TEST_CASE("a second process is refused as well") {
  const Folder folder;
  const auto path = folder / "test.db";
  Database first(path, {notes}, noon);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      Database second(path, {notes}, noon);
      ::_exit(1);
    } catch (const Failure& failure) {
      ::_exit(failure.kind() == FailureKind::locked ? 0 : 2);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a killed process loses nothing it committed") {
  const Folder folder;
  fill_and_die(folder / "test.db", 25);
  Database database(folder / "test.db", {notes}, noon);
  CHECK(count_notes(database) == 25);
}

TEST_CASE("a missing folder is named") {
  const Folder folder;
  const auto open = [&] { Database database(folder / "absent/test.db", {notes}, noon); };
  CHECK(failure_of(open) == FailureKind::other);
}

TEST_CASE("a file that is no database is set aside, and service resumes") {
  const Folder folder;
  const auto path = folder / "test.db";
  const std::vector<std::uint8_t> garbage(5000, 'g');
  set_content(path, garbage);
  {
    Database database(path, {notes}, noon);
    CHECK(database.set_aside() == path.string() + ".corrupt-1700000000");
    CHECK(content_of(database.set_aside()) == garbage);
    add_note(database, "a");
  }
  Database again(path, {notes}, noon);
  CHECK(again.set_aside().empty());
  CHECK(count_notes(again) == 1);
}

TEST_CASE("a second corrupt file in the same second keeps the first") {
  const Folder folder;
  const auto path = folder / "test.db";
  for (int i = 0; i < 3; ++i) {
    set_content(path, std::vector<std::uint8_t>(5000, static_cast<std::uint8_t>('a' + i)));
    Database database(path, {notes}, noon);
  }
  CHECK(content_of(path.string() + ".corrupt-1700000000")[0] == 'a');
  CHECK(content_of(path.string() + ".corrupt-1700000000-2")[0] == 'b');
  CHECK(content_of(path.string() + ".corrupt-1700000000-3")[0] == 'c');
}

TEST_CASE("R8: only the newest corrupt files are kept, and no log of the others") {
  const Folder folder;
  const auto path = folder / "test.db";
  for (int i = 0; i < 7; ++i) {
    set_content(path, std::vector<std::uint8_t>(5000, static_cast<std::uint8_t>('a' + i)));
    Database database(path, {notes}, noon + std::chrono::seconds(i / 2));
    set_content(database.set_aside().string() + "-wal", {1, 2, 3});
  }
  const auto kept = set_aside_in(folder.path());
  REQUIRE(kept.size() == set_aside_kept);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    CHECK(content_of(kept[i])[0] == 'd' + static_cast<int>(i));
  }
  CHECK_FALSE(std::filesystem::exists(path.string() + ".corrupt-1700000000-wal"));
}

TEST_CASE("R10: content that makes no sense to the program is set aside on its word") {
  const Folder folder;
  const auto path = folder / "test.db";
  Database database(path, {notes}, noon);
  add_note(database, "nonsense");
  database.begin_anew({notes}, noon);
  CHECK(set_aside_in(folder.path()).size() == 1);
  CHECK(count_notes(database) == 0);
  add_note(database, "sense");
  CHECK(count_notes(database) == 1);
}

// R10: whatever a medium does to the files, opening ends with a database that works: what was there, or a
// prefix of its commits, or an empty one with the old set aside.
TEST_CASE("R10: flipped bits, cut files and foreign logs never prevent the start") {
  const Folder folder;
  const auto source = folder / "source.db";
  fill(source, 60);
  fill_and_die(source, 40);
  const auto main = content_of(source);
  const auto log = content_of(source.string() + "-wal");
  REQUIRE(log.size() > 4096);
  const auto path = folder / "test.db";
  int aside = 0;
  int refused = 0;
  tributary::disk::for_seeds(60, [&](std::uint64_t seed) {
    CAPTURE(seed);
    tributary::disk::Chance chance(seed);
    auto bad_main = main;
    auto bad_log = log;
    auto& victim = seed % 3 == 0 ? bad_log : bad_main;
    if (seed % 5 == 0) {
      victim.resize(chance() % victim.size());
    } else {
      for (int i = 0; i < 40; ++i) {
        victim[chance() % victim.size()] ^= static_cast<std::uint8_t>(1U << chance() % 8);
      }
    }
    if (seed % 7 == 0) bad_log = main;  // another file's content
    set_content(path, bad_main);
    set_content(path.string() + "-wal", bad_log);
    try {
      Database database(path, {notes}, noon);
      const auto found = count_notes(database);
      aside += database.set_aside().empty() ? 0 : 1;
      CHECK((database.set_aside().empty() ? found <= 100 : found == 0));
      database.run("INSERT INTO authors (name) VALUES ('me')");
    } catch (const Failure& failure) {
      // A version line that became another's: the operator is told, nothing is touched.
      CHECK(failure.kind() == FailureKind::newer);
      ++refused;
      return;
    }
    Database again(path, {notes}, noon);
    CHECK(again.set_aside().empty());
    CHECK(again.run("UPDATE authors SET name = 'you'") == 1);
  });
  if (std::getenv("TRIBUTARY_SEED") == nullptr) CHECK(aside > 10);
  CHECK(refused < 5);
}

// Every page's header decides about the page; a flip there is either harmless or noticed.
TEST_CASE("a damaged page never opens as if nothing had happened") {
  const Folder folder;
  const auto path = folder / "test.db";
  fill(path, 100);
  const auto good = content_of(path);
  REQUIRE(good.size() >= 5 * 4096);
  int noticed = 0;
  for (std::size_t page = 4096; page < good.size(); page += 4096) {
    auto bad = good;
    for (std::size_t i = 0; i < 12; ++i) bad[page + i] ^= 0xff;
    set_content(path, bad);
    Database database(path, {notes}, noon);
    const bool aside = !database.set_aside().empty();
    noticed += aside ? 1 : 0;
    CHECK(count_notes(database) == (aside ? 0 : 100));
  }
  CHECK(noticed >= 5);
}

TEST_CASE("a truncated database is set aside together with its log") {
  const Folder folder;
  const auto path = folder / "test.db";
  fill(path, 200);
  auto content = content_of(path);
  content.resize(content.size() / 2);
  set_content(path, content);
  set_content(path.string() + "-wal", {1, 2, 3});
  Database database(path, {notes}, noon);
  REQUIRE_FALSE(database.set_aside().empty());
  CHECK(count_notes(database) == 0);
}

// A torn log loses the torn commit and what follows, never an earlier one.
TEST_CASE("a log cut anywhere leaves a prefix of the commits") {
  const Folder folder;
  const auto source = folder / "source.db";
  fill_and_die(source, 5);
  const auto main = content_of(source);
  const auto log = content_of(source.string() + "-wal");
  REQUIRE(log.size() > 4096);
  const auto path = folder / "test.db";
  std::int64_t last = 0;
  for (std::size_t size = 0; size <= log.size(); size += 1031) {
    CAPTURE(size);
    set_content(path, main);
    set_content(path.string() + "-wal", {log.begin(), log.begin() + std::ptrdiff_t(size)});
    Database database(path, {notes}, noon);
    CHECK(count_notes(database) >= last);
    last = count_notes(database);
  }
  CHECK(last >= 4);
}

TEST_CASE("a full disk is told as such, loses nothing and ends when there is space") {
  const Folder folder;
  Database database(folder / "test.db", {notes}, noon);
  add_note(database, "before");
  const auto grow = [&] {
    database.transaction([&] {
      for (int i = 0; i < 100; ++i) add_note(database, std::string(50'000, 'x'));
    });
  };
  {
    const FileSizeLimit limit(256 * 1024);
    CHECK(failure_of(grow) == FailureKind::full);
    CHECK(count_notes(database) == 1);
  }
  database.run("PRAGMA max_page_count = 50");
  CHECK(failure_of(grow) == FailureKind::full);
  CHECK(count_notes(database) == 1);
  database.transaction([&] { add_note(database, "after"); });
  CHECK(count_notes(database) == 2);
}
