// The gateway on a disk that fails, is full, loses power or comes back damaged.
#include <doctest/doctest.h>

#include <cerrno>

#include "tests/disk/disk.hpp"
#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;
using disk::Disk;
using storage::FailureKind;

namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

template <class Id>
Id numbered(std::uint8_t number) {
  Id id;
  id.bytes.fill(number);
  return id;
}

const Hash ctx_hash = numbered<Hash>(7);

round::Contribution contribution(std::uint8_t number) {
  return {numbered<DeviceId>(number), numbered<Nonce>(number), numbered<Hash>(number), {}};
}

// A writer on a folder; each device uploads one chunk and its header in one batch.
struct Desk {
  explicit Desk(const std::filesystem::path& folder)
      : journal(std::make_shared<engine::ChunkJournal>(folder / "journal")),
        writer(16 << 20, {[](std::size_t, std::size_t) {}, {}, {}},
               std::make_unique<engine::Store>(folder, now)) {
    journal->recover();
  }
  void upload(std::uint8_t number) {
    const round::ChunkStored chunk{numbered<DeviceId>(number), numbered<Nonce>(number), 0, {}};
    REQUIRE(writer.append(journal, chunk, Bytes(4096, number)));
    writer.commit(
        [number](engine::Store& store) { store.put_contribution(ctx_hash, contribution(number)); },
        [this, number] { receipts.insert(number); });
  }
  void write() {
    batch = writer.take();
    write_again();
  }
  void write_again() {
    writer.write(batch);
    writer.report(std::move(batch));
  }

  engine::JournalPtr journal;
  engine::Writer writer;
  engine::Writer::Batch batch;
  std::set<std::uint8_t> receipts;
};

// Every receipt's contribution is there with its words, each once.
void check_receipts(const std::filesystem::path& folder, const std::set<std::uint8_t>& receipts) {
  engine::Store store(folder, now);
  CHECK(store.database().set_aside().empty());
  const auto held = store.contributions(ctx_hash);
  std::set<std::uint8_t> found;
  Bytes expected(4096, 0);
  for (const auto& one : held) {
    found.insert(one.device.bytes[0]);
    for (auto& byte : expected) byte = static_cast<std::uint8_t>(byte + one.device.bytes[0]);
  }
  for (const auto number : receipts) CHECK(found.contains(number));
  engine::ChunkJournal journal(folder / "journal");
  journal.recover();
  const auto sum = journal.sum({crypto::RingBits{16}, 2048, 4096, 1}, held);
  REQUIRE(sum);  // no contribution without its words
  if (held.size() <= 2) CHECK((*sum)[0] == expected[0]);
}

struct Broken {
  int error;
  bool lasts;
};

}  // namespace

TEST_CASE(
    "R5: whichever call fails in a batch, no receipt is given for what a loss of power takes") {
  for (const Broken broken :
       {Broken{EIO, false}, Broken{EIO, true}, Broken{ENOSPC, false}, Broken{ENOSPC, true}}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(broken.error);
      CAPTURE(nth);
      const Folder folder;
      Disk disk(folder.path());
      std::set<std::uint8_t> receipts;
      bool met = false;
      {
        Desk desk(folder.path());
        desk.upload(1);
        desk.write();
        desk.upload(2);
        disk.fail({nth, broken.error, broken.lasts});
        try {
          desk.write();
        } catch (const storage::Failure&) {
          CHECK(desk.receipts.size() == 1);
        }
        met = disk.failed();
        receipts = desk.receipts;
        disk.cut();
      }
      disk.heal();
      disk.restart_after_power_loss(nth);
      check_receipts(folder.path(), receipts);
      CHECK(receipts.contains(1));
      if (!met) {
        CHECK(receipts.size() == 2);
        break;
      }
      REQUIRE(nth < 200);
    }
  }
}

TEST_CASE(
    "R7: a batch that finds the disk full is written again when there is room, and counts once") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    const Folder folder;
    Disk disk(folder.path());
    bool met = false;
    bool full = false;
    {
      Desk desk(folder.path());
      desk.upload(1);
      desk.write();
      desk.upload(2);
      disk.fail({nth, ENOSPC, true});
      try {
        desk.write();
      } catch (const storage::Failure& failure) {
        full = failure.kind() == FailureKind::full;
        CHECK(desk.receipts.size() == 1);
      }
      met = disk.failed();
      disk.heal();
      if (full) desk.write_again();
      if (full || !met) CHECK(desk.receipts.size() == 2);
    }
    if (full) check_receipts(folder.path(), {1, 2});
    if (!met) break;
    REQUIRE(nth < 200);
  }
}

TEST_CASE(
    "R6: a write or a sync that fails in the middle of a round gives no receipt and ends the "
    "program; the next one goes on") {
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    Fleet fleet(4);
    Disk disk(fleet.folder.path() / "state");
    std::set<DeviceId> receipts;
    bool met = false;
    {
      SiteWorld world(fleet);
      world.join_all();
      world.open(fleet.context(2, 4));
      world.upload(fleet.devices[0]);
      world.upload(fleet.devices[1]);
      REQUIRE(world.receipts.size() == 2);
      disk.fail({nth, EIO, true});
      world.upload_or_break(fleet.devices[2]);
      world.upload_or_break(fleet.devices[3]);
      met = disk.failed();
      receipts = world.receipts;
      // Either all is well or the program is told to end.
      CHECK((receipts.size() == 4) != !world.broken.empty());
      disk.cut();
    }
    disk.heal();
    disk.restart_after_power_loss(nth);
    SiteWorld next(fleet);
    next.receipts = receipts;
    CHECK(storage::set_aside_in(fleet.folder.path() / "state").empty());
    for (const auto& device : fleet.devices) {
      if (!receipts.contains(device.id)) next.upload(device);
    }
    const auto sum = next.sum();
    CHECK(sum.survivors_size() == 4);
    CHECK(fleet.unmask(sum) == fleet.true_sum(sum));
    if (!met) break;
    REQUIRE(nth < 200);
  }
}

// A flash disk wears by bytes. Gated: what an update of 100,000 words of 32 bits costs beyond itself.
TEST_CASE("R26: an update costs its own bytes once, and at most a twentieth more") {
  constexpr std::uint32_t chunks = 25;
  constexpr std::size_t chunk_bytes = 16'368;
  constexpr std::uint8_t updates = 40;
  const Folder folder;
  Disk disk(folder.path());
  Desk desk(folder.path());
  desk.upload(200);
  desk.write();
  const auto before = disk.written();
  // As the writer batches them: up to 8 MiB, about half of what 40 updates have.
  for (std::uint8_t number = 1; number <= updates; ++number) {
    for (std::uint32_t index = 0; index < chunks; ++index) {
      const round::ChunkStored chunk{
          numbered<DeviceId>(number), numbered<Nonce>(number), index, {}};
      REQUIRE(desk.writer.append(desk.journal, chunk, Bytes(chunk_bytes, number)));
    }
    desk.writer.commit(
        [number](engine::Store& store) { store.put_contribution(ctx_hash, contribution(number)); });
    if (number % 20 == 0) desk.write();
  }
  const auto each = (disk.written() - before) / updates;
  MESSAGE("bytes written per update of " << chunks * chunk_bytes << ": " << each);
  CHECK(each > chunks * chunk_bytes);
  CHECK(each < chunks * chunk_bytes * 105 / 100);
}

TEST_CASE("R8: no round is opened whose sum might find no place in the outbox") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.site->outbox_holds({5, std::uint64_t{2} << 30});
  world.open(fleet.context(2, 3));
  CHECK(world.site->open_rounds() == 0);
  REQUIRE_FALSE(world.log.empty());
  CHECK(world.log.back().find("limits.outbox_bytes") != std::string::npos);
  world.site->outbox_holds({engine::Rounds::outbox_messages, 5});
  world.open(fleet.context(2, 3));
  CHECK(world.site->open_rounds() == 0);
  world.site->outbox_holds({5, 5});
  world.open(fleet.context(2, 3));
  CHECK(world.site->open_rounds() == 1);
}

TEST_CASE("R7: while the writer waits for room, uploads are refused with their reason") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 3));
  world.site->writer().stalled("gateway.db: database or disk is full");
  world.site->tick();
  CHECK(world.site->storage_fault() == "gateway.db: database or disk is full");
  world.upload(fleet.devices[0]);
  CHECK(world.rejected(fleet.devices[0], v1::REJECT_STORAGE));
  CHECK(world.receipts.empty());
  world.site->writer().stalled({});
  world.site->tick();
  CHECK(world.site->storage_fault().empty());
  world.upload(fleet.devices[1]);
  CHECK(world.receipts.contains(fleet.devices[1].id));
}

TEST_CASE("R10: a database whose values make no sense is set aside, and devices join again") {
  Fleet fleet(3);
  const auto state = fleet.folder.path() / "state";
  {
    engine::Store store(state, now);
    store.database().run("INSERT INTO device (device, certified_key) VALUES (x'01', x'02')");
  }
  SiteWorld world(fleet);
  CHECK(storage::set_aside_in(state).size() == 1);
  REQUIRE_FALSE(world.log.empty());
  CHECK(world.log[0].find("database_damaged") != std::string::npos);
  CHECK(world.log[0].find("wrong length") != std::string::npos);
  world.join_all();
  CHECK(world.site->roster() != nullptr);
}
