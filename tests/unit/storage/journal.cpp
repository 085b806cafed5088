#include "storage/journal.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <stdexcept>
#include <string>

#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;

namespace {

using Bytes = std::vector<std::uint8_t>;
struct Record {
  std::uint64_t offset;
  std::uint32_t kind;
  Bytes payload;
  bool operator==(const Record&) const = default;
};

std::vector<Record> records_of(Journal& journal) {
  std::vector<Record> records;
  journal.scan([&](std::uint64_t offset, std::uint32_t kind, Journal::Part payload) {
    records.push_back({offset, kind, Bytes(payload.begin(), payload.end())});
  });
  return records;
}

Bytes read(Journal& journal, std::uint64_t offset, std::size_t size) {
  Bytes bytes(size);
  journal.read(offset, bytes);
  return bytes;
}

}  // namespace

TEST_CASE("the layout is the one in the header") {
  const Folder folder;
  Journal journal(folder / "journal");
  CHECK(journal.append(0x01020304, {Bytes{'a', 'b'}, Bytes{'c'}}) == 12);
  journal.sync();
  const Bytes content = content_of(journal.path());
  REQUIRE(content.size() == 15);
  CHECK(Bytes(content.begin() + 4, content.end()) == Bytes{3, 0, 0, 0, 4, 3, 2, 1, 'a', 'b', 'c'});
}

TEST_CASE("records survive and are read in parts") {
  const Folder folder;
  std::uint64_t second = 0;
  {
    Journal journal(folder / "journal");
    journal.append(1, {Bytes(100, 1)});
    second = journal.append(2, {Bytes(50, 2), Bytes(50, 3)});
    CHECK(read(journal, second + 49, 2) == Bytes{2, 3});
    journal.append(3, {});
    journal.sync();
  }
  Journal journal(folder / "journal");
  const auto records = records_of(journal);
  REQUIRE(records.size() == 3);
  CHECK(records[0] == Record{12, 1, Bytes(100, 1)});
  CHECK(records[1].offset == second);
  CHECK(records[2].payload.empty());
  CHECK(read(journal, second, 1) == Bytes{2});
  const auto fourth = journal.append(4, {Bytes{9}});
  CHECK(fourth == journal.size() - 1);
  CHECK(records_of(journal).size() == 4);
}

TEST_CASE("the buffer is bounded and large records pass it") {
  const Folder folder;
  Journal journal(folder / "journal");
  std::uint64_t expected = 0;
  for (int i = 0; i < 40; ++i) {
    expected += Journal::head_bytes;
    CHECK(journal.append(1, {Bytes(100'000, static_cast<std::uint8_t>(i))}) == expected);
    expected += 100'000;
    CHECK(journal.size() == expected);
    CHECK(journal.size() - std::filesystem::file_size(journal.path()) <= Journal::buffer_bytes);
  }
  const auto large = journal.append(2, {Bytes(Journal::max_payload, 7)});
  CHECK(std::filesystem::file_size(journal.path()) == journal.size());
  CHECK(read(journal, large + Journal::max_payload - 1, 1) == Bytes{7});
  CHECK(records_of(journal).size() == 41);
  const Bytes too_large(Journal::max_payload + 1);
  CHECK_THROWS_AS(journal.append(2, {too_large}), std::length_error);
}

TEST_CASE("a journal with content is scanned before it grows") {
  const Folder folder;
  {
    Journal journal(folder / "journal");
    journal.append(1, {Bytes{1}});
    journal.sync();
  }
  Journal journal(folder / "journal");
  CHECK_THROWS_AS(journal.append(1, {Bytes{2}}), std::logic_error);
  CHECK(records_of(journal).size() == 1);
  CHECK_NOTHROW(journal.append(1, {Bytes{2}}));
}

TEST_CASE("a second opener is refused") {
  const Folder folder;
  Journal journal(folder / "journal");
  CHECK(failure_of([&] { Journal(folder / "journal"); }) == FailureKind::locked);
}

TEST_CASE("only the owner can read the file") {
  const Folder folder;
  Journal journal(folder / "journal");
  const auto permissions = std::filesystem::status(journal.path()).permissions();
  CHECK((permissions & std::filesystem::perms(077)) == std::filesystem::perms::none);
}

TEST_CASE("a removed journal is gone and says so") {
  const Folder folder;
  Journal journal(folder / "journal");
  journal.append(1, {Bytes{1}});
  journal.remove();
  CHECK_FALSE(std::filesystem::exists(journal.path()));
  CHECK(failure_of([&] { journal.append(1, {Bytes{1}}); }) == FailureKind::io);
}

TEST_CASE("whatever is appended is scanned, in order") {
  CHECK(rc::check("append and scan", [](const std::vector<std::pair<std::uint32_t, Bytes>>& input) {
    const Folder folder;
    std::vector<Record> expected;
    {
      Journal journal(folder / "journal");
      for (const auto& [kind, payload] : input) {
        expected.push_back({journal.append(kind, {payload}), kind, payload});
      }
      journal.sync();
    }
    Journal journal(folder / "journal");
    RC_ASSERT(records_of(journal) == expected);
  }));
}
