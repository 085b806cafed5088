// Why a gateway with a long outbox starts as fast as one without.
#include <doctest/doctest.h>

#include "tests/disk/disk.hpp"
#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;

namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

void fill(const std::filesystem::path& state, std::uint64_t messages) {
  engine::Store store(state, now);
  const Bytes content(1000, 'x');
  store.database().transaction([&] {
    for (std::uint64_t i = 0; i < messages; ++i) {
      const auto number = std::to_string(i);
      store.outbox().put("sum/" + number, "/v1/" + number, content, now);
    }
  });
}

// Calls on files from start to the first look at the outbox, those of opening and checking the database taken off.
std::int64_t calls_of_a_start(std::uint64_t messages) {
  Fleet fleet(3);
  const auto state = fleet.folder.path() / "state";
  fill(state, messages);
  disk::Disk disk(state);
  disk.heal();
  { const engine::Store opened(state, now); }
  const auto opening = static_cast<std::int64_t>(disk.calls());
  disk.heal();
  SiteWorld world(fleet);
  std::uint64_t held = 0;
  std::size_t due = 0;
  bool done = false;
  world.site->writer().commit(
      [&](engine::Store& store) {
        held = store.outbox().size().messages;
        due = store.outbox().due(now, 4).size();
      },
      [&] { done = true; });
  REQUIRE(world.until([&] { return done; }));
  CHECK(held == messages);
  CHECK(due == 4);
  return static_cast<std::int64_t>(disk.calls()) - opening;
}

void one_round(engine::Store& store, const Fleet& fleet, std::uint32_t number) {
  const auto hash = crypto::hash("round", {crypto::le32(number)});
  store.put_roster(hash, std::string(3000, 'r'));
  store.open_round({hash, std::string(600, 'c'), std::string(64, 's'), hash, hash, {}, false},
                   std::string(4000, 'm'));
  for (const auto& device : fleet.devices) {
    store.put_contribution(hash, {device.id, device.nonce, hash, {}});
  }
  store.outbox().put(hash.hex(), "/v1/sum", Bytes(4000, 1), now);
  store.outbox().delivered(hash.hex());
  store.close_round(hash);
}

}  // namespace

TEST_CASE("R20: a start with 20,000 waiting messages reads as much of them as with 1,000") {
  const auto few = calls_of_a_start(1000);
  const auto many = calls_of_a_start(20'000);
  MESSAGE("calls on files with 1,000 messages " << few << ", with 20,000 " << many);
  CHECK(many < few + 40);
}

TEST_CASE("R20, R8: 2,000 rounds leave nothing that grows in a gateway's database") {
  Fleet fleet(3);
  const auto state = fleet.folder.path() / "state";
  engine::Store store(state, now);
  // Ten rounds to a transaction: what is left behind is the same, and the disk is spared.
  const auto run = [&](std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t i = from; i < to; i += 10) {
      store.database().transaction([&] {
        for (std::uint32_t j = i; j < i + 10; ++j) one_round(store, fleet, j);
      });
    }
  };
  run(0, 1000);
  const auto size = std::filesystem::file_size(state / "gateway.db");
  run(1000, 2000);
  CHECK(std::filesystem::file_size(state / "gateway.db") <= size * 105 / 100);
  CHECK(store.closed_rounds().size() == engine::Store::rounds_kept);
  CHECK(store.outbox().size().messages == 0);
  CHECK(store.contributions(crypto::hash("round", {crypto::le32(1999)})).empty());
}
