// Why a coordinator with a long history starts as fast as one without: what it looks for, it finds by an index.
#include <doctest/doctest.h>

#include "cloud/store/store.hpp"
#include "crypto/hash.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/storage/folder.hpp"

using namespace tributary;
using namespace tributary::cloud::store;
using storage::test::Folder;

namespace {

constexpr std::chrono::sys_seconds noon{std::chrono::seconds(1'800'000'000)};
const TaskId task = *TaskId::from(std::string(16, 't'));
const GatewayId gateway = *GatewayId::from(std::string(16, 'g'));
const HelperId helper = *HelperId::from(std::string(16, 'h'));

Hash numbered(std::uint64_t number) {
  return crypto::hash("number", {crypto::le32(static_cast<std::uint32_t>(number))});
}

// Ended rounds of one gateway, each with its part, a statement, a VOID that is asked for and a model.
void add_rounds(Store& store, std::uint64_t first, std::uint64_t count) {
  store.atomically([&] {
    for (std::uint64_t i = first; i < first + count; ++i) {
      RoundRow round;
      round.key = {task, i};
      round.opened_at = noon;
      round.model_before = numbered(i);
      store.rounds.add(round);
      PartRow part;
      part.ctx_hash = numbered(i);
      part.key = round.key;
      part.gateway = gateway;
      part.context = std::string(600, 'c');
      store.rounds.add_part(part, 0);
      EventRow event;
      event.ctx_hash = part.ctx_hash;
      event.received_at = noon;
      store.rounds.add_event(event);
      round.state = RoundState::released;
      round.closed_at = noon + std::chrono::seconds(i);
      store.rounds.close(round);
      store.rounds.close_part(part, *round.closed_at);
      store.releases.add(round.key, {part.ctx_hash, std::string(300, 'r'), {}, numbered(i)});
      store.voids.ask({round.key, gateway}, helper, noon + std::chrono::seconds(i));
      ModelRow model;
      model.hash = numbered(i);
      model.task = task;
      model.round = i;
      model.version = static_cast<std::uint32_t>(i);
      store.models.put(model, Bytes(100, 1));
    }
  });
}

// Reads of the file, once it has been checked, for all that start and the ways of a request look for.
std::uint64_t calls_of_a_start(std::uint64_t rounds) {
  const Folder folder;
  {
    Store store(folder.path(), noon);
    store.models.put({numbered(0), "m", "a", 1, 1, {}, {}, {}, noon}, Bytes(4, 1));
    TaskRow row;
    row.id = task;
    row.spec = "{}";
    row.created_at = noon;
    row.progress.model = numbered(0);
    row.progress.round = rounds;
    store.tasks.add(row);
    store.models.keep_newest(10);
    for (std::uint64_t i = 1; i <= rounds; i += 500) add_rounds(store, i, 500);
  }
  disk::Disk disk(folder.path());
  Store store(folder.path(), noon);
  store.models.keep_newest(10);
  disk.heal();
  CHECK(store.rounds.ended_parts(gateway, 64).size() == 64);
  CHECK(store.rounds.ended_parts(gateway, 64).front().ctx_hash == numbered(rounds));
  CHECK(store.rounds.open().empty());
  CHECK_FALSE(store.rounds.open(task));
  CHECK(store.releases.last_hash(task) == numbered(rounds));
  CHECK(store.voids.asked(helper, 16).size() == 16);
  ModelRow model;
  model.hash = numbered(rounds + 1);
  model.task = task;
  model.version = static_cast<std::uint32_t>(rounds + 1);
  store.models.put(model, Bytes(100, 1));
  store.old.keep_rounds(100);
  CHECK(store.old.forget(task));
  return disk.calls();
}

}  // namespace

TEST_CASE("R20: a start, a release and forgetting read as much of 8,000 ended rounds as of 1,000") {
  const auto few = calls_of_a_start(1000);
  const auto many = calls_of_a_start(8000);
  MESSAGE("calls on the file with 1,000 rounds " << few << ", with 8,000 " << many);
  // Deeper trees and a colder cache, nothing that goes with the number of rounds.
  CHECK(many < few * 2 + 200);
}
