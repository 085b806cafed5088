#include "storage/outbox.hpp"

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>

#include "storage/schema/outbox/schema.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::uint8_t> content{1, 2, 3};
constexpr Milliseconds start = noon;

struct Opened {
  Folder folder;
  Database database{folder / "test.db", {tributary::schema::outbox}, noon};
  Outbox outbox{database};

  std::vector<std::string> due_keys(Milliseconds now, std::uint32_t limit = 100) {
    std::vector<std::string> keys;
    for (const auto& message : outbox.due(now, limit)) keys.push_back(message.key);
    return keys;
  }
};

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a message waits until it is delivered") {
  Opened opened;
  CHECK(opened.outbox.put("sum/1", "coordinator", content, start));
  const auto due = opened.outbox.due(start, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].key == "sum/1");
  CHECK(due[0].destination == "coordinator");
  CHECK(due[0].content == content);
  CHECK(due[0].created_at == start);
  CHECK(due[0].attempts == 0);
  CHECK(due[0].last_error.empty());
  CHECK(opened.outbox.delivered("sum/1"));
  CHECK_FALSE(opened.outbox.delivered("sum/1"));
  CHECK(opened.outbox.count() == 0);
}

TEST_CASE("putting a queued key again changes nothing") {
  Opened opened;
  CHECK(opened.outbox.put("k", "a", content, start));
  CHECK_FALSE(opened.outbox.put("k", "b", {}, start + 1s));
  CHECK(opened.outbox.count() == 1);
  CHECK(opened.outbox.due(start, 10)[0].content == content);
  CHECK(opened.outbox.delivered("k"));
  CHECK(opened.outbox.put("k", "a", content, start));
}

TEST_CASE("due messages come in the order they were put, as many as asked for") {
  Opened opened;
  for (const char* key : {"c", "a", "b"}) opened.outbox.put(key, "x", content, start);
  opened.outbox.put("later", "x", content, start + 1s);
  CHECK(opened.due_keys(start) == Keys{"c", "a", "b"});
  CHECK(opened.due_keys(start, 2) == Keys{"c", "a"});
  CHECK(opened.due_keys(start - 1ms).empty());
  CHECK(opened.due_keys(start + 1s) == Keys{"c", "a", "b", "later"});
}

TEST_CASE("a rescheduled message is due at its time and tells why") {
  Opened opened;
  opened.outbox.put("k", "x", content, start);
  CHECK(opened.outbox.reschedule("k", start + 5s, 1, "connection refused"));
  CHECK(opened.due_keys(start + 4999ms).empty());
  const auto due = opened.outbox.due(start + 5s, 1);
  REQUIRE(due.size() == 1);
  CHECK(due[0].attempts == 1);
  CHECK(due[0].last_error == "connection refused");
  CHECK_FALSE(opened.outbox.reschedule("absent", start, 1, ""));
}

TEST_CASE("age, size and the next attempt are known") {
  Opened opened;
  CHECK_FALSE(opened.outbox.oldest().has_value());
  CHECK_FALSE(opened.outbox.next_attempt().has_value());
  opened.outbox.put("old", "x", content, start);
  opened.outbox.put("new", "x", content, start + 1h);
  opened.outbox.reschedule("old", start + 2h, 3, "down");
  CHECK(opened.outbox.count() == 2);
  CHECK(opened.outbox.oldest() == start);
  CHECK(opened.outbox.next_attempt() == start + 1h);
}

TEST_CASE("R8: messages and bytes are counted, also through failures and repetitions") {
  Opened opened;
  opened.outbox.put("a", "x", std::vector<std::uint8_t>(100), start);
  opened.outbox.put("b", "x", std::vector<std::uint8_t>(20), start);
  opened.outbox.put("a", "x", std::vector<std::uint8_t>(500), start);
  CHECK_THROWS(opened.database.transaction([&] {
    opened.outbox.put("c", "x", std::vector<std::uint8_t>(7), start);
    throw std::runtime_error("no");
  }));
  CHECK(opened.outbox.size().messages == 2);
  CHECK(opened.outbox.size().bytes == 120);
  opened.outbox.reschedule("a", start + 1h, 1, "later");
  opened.outbox.delivered("b");
  opened.outbox.delivered("b");
  CHECK(opened.outbox.size().messages == 1);
  CHECK(opened.outbox.size().bytes == 100);
}

// Work is counted, not timed: calls that read the file.
TEST_CASE("R20: looking at a queue of 20,000 messages reads as much as looking at one of 20") {
  std::map<int, std::uint64_t> reads;
  for (const int messages : {20, 20'000}) {
    const Folder folder;
    tributary::disk::Disk disk(folder.path());
    {
      Database database(folder / "test.db", {tributary::schema::outbox}, noon);
      Outbox outbox(database);
      database.transaction([&] {
        for (int i = 0; i < messages; ++i) {
          outbox.put("key " + std::to_string(i), "x", std::vector<std::uint8_t>(300), start);
        }
      });
    }
    Database database(folder / "test.db", {tributary::schema::outbox}, noon);
    database.run("PRAGMA shrink_memory");
    Outbox outbox(database);
    disk.heal();
    CHECK(outbox.due(start, 4).size() == 4);
    CHECK(outbox.size().messages == static_cast<std::uint64_t>(messages));
    CHECK(outbox.oldest() == start);
    CHECK(outbox.delivered("key 0"));
    reads[messages] = disk.calls();
  }
  CHECK(reads[20] > 0);
  CHECK(reads[20'000] < reads[20] + 30);
}

TEST_CASE("a message is queued together with its transaction or not at all") {
  Opened opened;
  const auto interrupted = [&] {
    opened.database.transaction([&] {
      opened.outbox.put("k", "x", content, start);
      throw std::runtime_error("the round was not closed");
    });
  };
  CHECK_THROWS_AS(interrupted(), std::runtime_error);
  CHECK(opened.outbox.count() == 0);
}

TEST_CASE("the queue outlives the process") {
  const Folder folder;
  {
    Database database(folder / "test.db", {tributary::schema::outbox}, noon);
    Outbox(database).put("k", "x", content, start);
  }
  Database database(folder / "test.db", {tributary::schema::outbox}, noon);
  CHECK(Outbox(database).due(start, 1).at(0).content == content);
}
