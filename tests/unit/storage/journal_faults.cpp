// Torn tails, flipped bits, full disks and failing syncs.
#include <doctest/doctest.h>

#include <string>

#include "storage/journal.hpp"
#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

// Three records of 12 + 10 bytes each.
constexpr std::size_t record_bytes = Journal::head_bytes + 10;

Bytes three_records(const Folder& folder) {
  Journal journal(folder / "source");
  for (std::uint8_t i = 1; i <= 3; ++i) journal.append(i, {Bytes(10, i)});
  journal.sync();
  return content_of(journal.path());
}

std::uint64_t count(Journal& journal) {
  std::uint64_t kinds = 0;
  const auto scan = journal.scan([&](std::uint64_t, std::uint32_t kind, Journal::Part payload) {
    CHECK(payload.size() == 10);
    CHECK(payload[0] == kind);
    ++kinds;
  });
  CHECK(kinds == scan.records);
  return kinds;
}

}  // namespace

TEST_CASE("a tail torn at any byte is cut, and the journal goes on") {
  const Folder folder;
  const Bytes whole = three_records(folder);
  REQUIRE(whole.size() == 3 * record_bytes);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    set_content(folder / "torn", {whole.begin(), whole.begin() + std::ptrdiff_t(size)});
    {
      Journal journal(folder / "torn");
      std::uint64_t records = 0;
      const auto scan = journal.scan([&](auto, auto, auto) { ++records; });
      CHECK(records == size / record_bytes);
      CHECK(scan.cut_bytes == size % record_bytes);
      CHECK(journal.size() == records * record_bytes);
      CHECK(std::filesystem::file_size(journal.path()) == journal.size());
      journal.append(9, {Bytes(10, 9)});
      journal.sync();
    }
    Journal again(folder / "torn");
    CHECK(count(again) == size / record_bytes + 1);
  }
}

TEST_CASE("a flipped bit ends the journal at its record") {
  const Folder folder;
  const Bytes whole = three_records(folder);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    set_content(folder / "damaged", damaged);
    Journal journal(folder / "damaged");
    CHECK(count(journal) == bit / 8 / record_bytes);
  }
}

TEST_CASE("zeros after the last record, as after a power cut, are no records") {
  const Folder folder;
  Bytes content = three_records(folder);
  content.resize(content.size() + 4096, 0);
  set_content(folder / "zeros", content);
  Journal journal(folder / "zeros");
  CHECK(count(journal) == 3);
}

TEST_CASE("a length beyond the limit is damage, not an allocation") {
  const Folder folder;
  set_content(folder / "journal", Bytes(100, 0xff));
  Journal journal(folder / "journal");
  CHECK(count(journal) == 0);
}

TEST_CASE("reading beyond the end is told") {
  const Folder folder;
  Journal journal(folder / "journal");
  const auto offset = journal.append(1, {Bytes(10, 1)});
  Bytes out(11);
  CHECK(failure_of([&] { journal.read(offset, out); }) == FailureKind::corrupt);
}

TEST_CASE("a full disk loses what is beyond size(), keeps the rest, and ends when there is space") {
  const Folder folder;
  Journal journal(folder / "journal");
  const Bytes payload(10'000, 1);
  const auto kept = journal.append(1, {payload});
  journal.sync();
  const std::uint64_t durable = journal.size();
  {
    const FileSizeLimit limit(15'000);
    journal.append(1, {payload});
    CHECK(failure_of([&] { journal.sync(); }) == FailureKind::full);
    CHECK(journal.size() == durable);
    CHECK(std::filesystem::file_size(journal.path()) == durable);
    Bytes out(payload.size());
    CHECK_NOTHROW(journal.read(kept, out));
    CHECK(out == payload);
    CHECK_NOTHROW(journal.sync());
  }
  CHECK(journal.append(1, {payload}) == durable + Journal::head_bytes);
  journal.sync();
  CHECK(journal.scan([](auto, auto, auto) {}).records == 2);
}

TEST_CASE("a full disk is also told by append when the buffer is written") {
  const Folder folder;
  Journal journal(folder / "journal");
  const FileSizeLimit limit(100'000);
  const auto grow = [&] {
    for (int i = 0; i < 30; ++i) journal.append(1, {Bytes(100'000, 1)});
  };
  CHECK(failure_of(grow) == FailureKind::full);
  CHECK(journal.size() == 0);
}

// /dev/null takes every byte and cannot be synced.
TEST_CASE("after a failed sync nothing is appended any more") {
  Journal journal("/dev/null");
  journal.append(1, {Bytes(10, 1)});
  CHECK(failure_of([&] { journal.sync(); }) == FailureKind::io);
  CHECK(failure_of([&] { journal.append(1, {Bytes(10, 1)}); }) == FailureKind::io);
  CHECK(failure_of([&] { journal.sync(); }) == FailureKind::io);
}

// /dev/full takes no byte and, being no regular file, cannot be synced or cut either.
TEST_CASE("a medium that fails stops the journal for good") {
  Journal journal("/dev/full");
  journal.append(1, {Bytes(10, 1)});
  CHECK(failure_of([&] { journal.sync(); }) == FailureKind::io);
  CHECK(failure_of([&] { journal.append(1, {Bytes(10, 1)}); }) == FailureKind::io);
  CHECK(failure_of([&] { journal.sync(); }) == FailureKind::io);
}

TEST_CASE("a journal in no folder is told") {
  const Folder folder;
  CHECK(failure_of([&] { Journal(folder / "absent/journal"); }) == FailureKind::other);
}
