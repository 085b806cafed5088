// Rules H5, H6 and H10: what a helper promised survives retries, crashes, restarts and restores.
#include <doctest/doctest.h>

#include <fstream>

#include "gateway/helper/marker.hpp"
#include "storage/database.hpp"
#include "storage/schema/helper/schema.hpp"
#include "tests/unit/gateway/helper_world.hpp"

using namespace tributary;
using namespace tributary::gateway::helper;
using namespace tributary::gateway::helper::test;
namespace fs = std::filesystem;

namespace {

v1::RoundScope scope(const World& world, std::uint64_t round) {
  v1::RoundScope named;
  named.set_tenant(tenant);
  named.set_task_id(world.task.raw());
  named.set_round(round);
  named.set_gateway_id(world.roster.gateway_id());
  return named;
}

std::string voided(World& world, std::uint64_t round, UnixTime at = now) {
  const auto outcome = world.role->void_scope(scope(world, round), at);
  const auto* statement = std::get_if<VoidStatement>(&outcome);
  return statement == nullptr ? std::string{} : statement->body;
}

v1::SumRequest request(const World& world, std::uint64_t round,
                       std::vector<std::size_t> who = {0, 1, 2, 3, 4}) {
  return world.request(world.context(round), who);
}

// Moves the world's devices to the other gateway: same ids, certified anew.
void move_house(World& world, std::uint16_t first, std::uint16_t last) {
  world.devices.clear();
  world.roster.Clear();
  world.roster.set_gateway_id(world.other_gateway.raw());
  for (auto number = first; number <= last; ++number) {
    world.enrol(world.device(number, world.other_gateway));
  }
}

void copy_into(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& file : fs::directory_iterator(from)) {
    fs::copy_file(file.path(), to / file.path().filename(), fs::copy_options::overwrite_existing);
  }
}

// Writes over the file's content and keeps the file, as a crash before the write would have left it.
void put_back(const fs::path& from, const fs::path& to) {
  std::ifstream in(from, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::fstream out(to, std::ios::binary | std::ios::in | std::ios::out);
  REQUIRE(out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
}

}  // namespace

TEST_CASE("H5: no device twice in one round of a task, whatever the gateway") {
  World world;
  world.answer(request(world, 1, {0, 1, 2}));  // devices 1, 2, 3
  move_house(world, 3, 7);
  const auto again = request(world, 1);
  CHECK(world.refusal(again) == v1::HELPER_REFUSAL_DEVICE_TWICE);
  CHECK(world.blames(again, {device_id(3)}));
  world.start();
  CHECK(world.refusal(again) == v1::HELPER_REFUSAL_DEVICE_TWICE);
  CHECK_NOTHROW(world.answer(request(world, 1, {1, 2, 3, 4})));  // the refusal burnt nothing
  CHECK_NOTHROW(world.answer(request(world, 2)));
}

TEST_CASE("H5: another task's round is another matter") {
  World world;
  world.answer(request(world, 1));
  world.task = id_of<TaskId>(0xC1);
  CHECK_NOTHROW(world.answer(request(world, 1)));
}

TEST_CASE("H6: a scope answered for some survivors is answered for no others") {
  World world;
  const auto first = request(world, 1, {0, 1, 2, 3});
  const auto body = world.answer(first);
  for (const auto& others :
       {std::vector<std::size_t>{0, 1, 2}, {0, 1, 2, 4}, {0, 1, 2, 3, 4}, {1, 2, 3}}) {
    CHECK(world.refusal(request(world, 1, others)) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  }
  world.start();
  CHECK(world.refusal(request(world, 1, {0, 1, 2})) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  CHECK(world.answer(first) == body);
}

TEST_CASE("H6: other words of the same devices are other survivors") {
  World world;
  auto context = world.context();
  const auto honest = world.request(context, world.everybody());
  world.answer(honest);
  context.set_model_hash(id_of<Hash>(1).raw());
  CHECK(world.refusal(world.request(context, world.everybody())) ==
        v1::HELPER_REFUSAL_ALREADY_ANSWERED);
}

TEST_CASE("H6: attempt + 1 after an answer is refused") {
  World world;
  world.answer(request(world, 1));
  auto context = world.context(1);
  context.set_attempt(1);
  const auto retry = world.request(context, world.everybody());
  CHECK(world.refusal(retry) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  world.start();
  CHECK(world.refusal(retry) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
}

TEST_CASE("H6: before an answer another attempt may have the round") {
  World world;
  CHECK(world.refusal(request(world, 1, {0, 1})) == v1::HELPER_REFUSAL_BAD_REQUEST);
  auto context = world.context(1);
  context.set_attempt(1);
  CHECK_NOTHROW(world.answer(world.request(context, world.everybody())));
  CHECK(world.refusal(request(world, 1)) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
}

TEST_CASE("H6: the same survivors get byte-identical bytes, across restarts and crashes") {
  World world;
  const auto asked = request(world, 1, {0, 2, 4});
  std::string body;
  SUBCASE("asked twice") {
    body = world.answer(asked);
  }
  SUBCASE("restart after the answer") {
    body = world.answer(asked);
    world.start();
  }
  SUBCASE("crash between the record and the sum") {
    {
      const auto lost = world.ask(asked);
      REQUIRE(std::holds_alternative<Job>(lost));
    }
    world.start();
    CHECK(world.refusal(request(world, 1)) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
    body = world.answer(asked);
  }
  SUBCASE("crash between the sum and its hash") {
    const auto lost = world.ask(asked);
    const auto sum = run(std::get<Job>(lost));
    world.start();
    const auto finished = world.role->finish(std::get<Job>(lost), sum);
    body = std::get<Answer>(finished).body;
  }
  CHECK(world.answer(asked) == body);
  CHECK(world.open_sum(body) == world.expected_sum(asked, {0, 2, 4}));
}

TEST_CASE("H6: an answer can be had again after the deadline and after a device was revoked") {
  World world;
  const auto asked = request(world, 1);
  const auto body = world.answer(asked);
  const auto decision = world.ask(asked, now + std::chrono::hours{100}, {world.devices[0].id});
  const auto& job = std::get<Job>(decision);
  CHECK(std::get<Answer>(world.role->finish(job, run(job))).body == body);
}

TEST_CASE("H6: a sum that differs from the recorded one does not leave") {
  World world;
  const auto decision = world.ask(request(world, 1));
  const auto& job = std::get<Job>(decision);
  auto sum = run(job);
  REQUIRE(std::holds_alternative<Answer>(world.role->finish(job, sum)));
  sum[0] ^= 1;
  CHECK(std::holds_alternative<Unfinished>(world.role->finish(job, sum)));
  sum.pop_back();
  CHECK(std::holds_alternative<Unfinished>(world.role->finish(job, sum)));
}

TEST_CASE("H6: a voided scope is refused for ever, and says so in the same bytes") {
  World world;
  const auto body = voided(world, 1);
  REQUIRE_FALSE(body.empty());
  const auto asked = request(world, 1);
  auto context = world.context(1);
  context.set_attempt(7);
  for (int life = 0; life < 2; ++life) {
    CHECK(world.refusal(asked) == v1::HELPER_REFUSAL_VOID);
    CHECK(world.refusal(world.request(context, world.everybody())) == v1::HELPER_REFUSAL_VOID);
    CHECK(voided(world, 1, now + std::chrono::hours{1}) == body);
    world.start();
  }
  CHECK_NOTHROW(world.answer(request(world, 2)));
  v1::Signed signed_void;
  v1::Void said;
  REQUIRE(signed_void.ParseFromString(body));
  REQUIRE(said.ParseFromString(signed_void.body()));
  CHECK(said.scope().SerializeAsString() == scope(world, 1).SerializeAsString());
  CHECK(said.helper_id() == world.helper.raw());
  CHECK(crypto::verify(crypto::verify_key(world.helper_party.key), "void",
                       crypto::hash("void", {view_of(signed_void.body())}),
                       *Signature::from(signed_void.signature())));
}

TEST_CASE("H6: an answered scope cannot be voided, not even before its sum is made") {
  World world;
  const auto asked = request(world, 1);
  const auto lost = world.ask(asked);
  REQUIRE(std::holds_alternative<Job>(lost));
  CHECK(voided(world, 1).empty());
  CHECK_NOTHROW(world.answer(asked));
  CHECK(voided(world, 1).empty());
}

TEST_CASE("H6: what to void must be a scope of this tenant") {
  World world;
  auto named = scope(world, 1);
  SUBCASE("tenant") {
    named.set_tenant("other");
  }
  SUBCASE("task") {
    named.set_task_id("short");
  }
  SUBCASE("gateway") {
    named.clear_gateway_id();
  }
  SUBCASE("round") {
    named.set_round(0);
  }
  CHECK(std::holds_alternative<VoidRefusal>(world.role->void_scope(named, now)));
}

TEST_CASE("H6: rounds only go up, per task and gateway") {
  World world;
  world.answer(request(world, 5));
  CHECK(world.refusal(request(world, 4)) == v1::HELPER_REFUSAL_ROUND_TOO_OLD);
  world.start();
  CHECK(world.refusal(request(world, 4)) == v1::HELPER_REFUSAL_ROUND_TOO_OLD);
  REQUIRE_FALSE(voided(world, 9).empty());
  CHECK_NOTHROW(world.answer(request(world, 6)));  // a void is not an answer
  move_house(world, 11, 15);
  CHECK_NOTHROW(world.answer(request(world, 3)));  // a slower gateway of the same task
}

TEST_CASE("H6: a gateway too far behind its task is refused, for its devices are forgotten") {
  World world;
  world.answer(request(world, 100));
  move_house(world, 11, 15);
  CHECK(world.refusal(request(world, 36)) == v1::HELPER_REFUSAL_ROUND_TOO_OLD);
  CHECK_NOTHROW(world.answer(request(world, 37)));
}

TEST_CASE("H10: the first epoch is 1 and a restart keeps it") {
  World world;
  CHECK(world.role->epoch() == 1);
  CHECK_FALSE(world.role->epoch_reason().empty());
  const auto key = world.role->certified_key().SerializeAsString();
  world.start();
  CHECK(world.role->certified_key().SerializeAsString() == key);
  CHECK(world.role->epoch_reason().empty());
  v1::EpochKey said;
  const auto certified = world.role->certified_key();
  REQUIRE(said.ParseFromString(certified.epoch_key().body()));
  CHECK(said.role() == v1::ROLE_HELPER);
  CHECK(said.subject_id() == world.helper.raw());
  CHECK(said.not_after() == seconds(world.role->epoch_ends()));
  CHECK(crypto::verify(crypto::verify_key(world.helper_party.key), "epoch-key",
                       crypto::hash("epoch-key", {view_of(certified.epoch_key().body())}),
                       *Signature::from(certified.epoch_key().signature())));
}

TEST_CASE("H10: only the owner can read the files that hold the epoch secret") {
  World world;
  world.answer(request(world, 1));
  for (const auto& file : fs::directory_iterator(world.folder.path())) {
    CAPTURE(file.path());
    CHECK((file.status().permissions() & fs::perms(0077)) == fs::perms::none);
  }
}

TEST_CASE("H10: an ended epoch's secret is not left in the files") {
  World world;
  const auto secret_in_files = [&](const std::string& needle) {
    for (const auto& file : fs::directory_iterator(world.folder.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (bytes.find(needle) != std::string::npos) return true;
    }
    return false;
  };
  const auto files = world.folder.path();
  world.role.reset();
  std::string secret;
  {
    storage::Database database(files / "helper.db", {schema::helper}, now);
    auto query = database.prepare("SELECT secret FROM epoch");
    REQUIRE(query.step());
    secret = text_of(query.blob(0));
  }
  world.start();
  REQUIRE(secret_in_files(secret));
  world.role->rotate(now);
  CHECK_FALSE(secret_in_files(secret));
}

TEST_CASE("H10: a rotated key ends every round made with it") {
  World world;
  const auto asked = request(world, 1);
  const auto second = request(world, 2);
  const auto decision = world.ask(asked);
  world.role->rotate(now);
  CHECK(world.role->epoch() == 2);
  CHECK(world.refusal(asked) == v1::HELPER_REFUSAL_EPOCH);
  CHECK(std::holds_alternative<Unfinished>(
      world.role->finish(std::get<Job>(decision), run(std::get<Job>(decision)))));
  // Neither does the running process remember a pair key of the old epoch.
  auto stolen = request(world, 2);
  for (int i = 0; i < stolen.tickets_size(); ++i) *stolen.mutable_tickets(i) = second.tickets(i);
  CHECK(world.refusal(stolen) == v1::HELPER_REFUSAL_BAD_TICKET);
  CHECK_NOTHROW(world.answer(request(world, 2)));
  world.start();
  CHECK(world.role->epoch() == 2);
}

TEST_CASE("H10: an expired epoch ends at the next start") {
  World world;
  world.start({}, world.role->epoch_ends());
  CHECK(world.role->epoch() == 2);
}

TEST_CASE("H10: a restored or copied database starts a new epoch, and old tickets fail") {
  World world;
  Folder backup;
  const auto files = world.folder.path();
  const auto asked = request(world, 1);
  const auto before = world.context(1);
  world.role.reset();
  copy_into(files, backup.path());
  world.start();
  world.answer(asked);
  world.role.reset();
  SUBCASE("the database restored from before an answer") {
    for (const auto* name : {"helper.db", "helper.db-wal"}) fs::remove(files / name);
    fs::copy_file(backup.path() / "helper.db", files / "helper.db");
  }
  SUBCASE("the whole folder restored") {
    for (const auto& file : fs::directory_iterator(backup.path()))
      fs::remove(files / file.path().filename());
    fs::remove(files / "helper.db-wal");
    copy_into(backup.path(), files);
  }
  SUBCASE("no marker") {
    fs::remove(files / "helper.marker");
  }
  SUBCASE("a damaged marker") {
    std::ofstream(files / "helper.marker") << "x";
  }
  SUBCASE("another helper's marker") {
    World elsewhere;
    put_back(elsewhere.folder.path() / "helper.marker", files / "helper.marker");
  }
  world.start();
  CHECK(world.role->epoch() == 2);
  CHECK_FALSE(world.role->epoch_reason().empty());
  CHECK(world.refusal(asked) == v1::HELPER_REFUSAL_EPOCH);
  // Renaming the epoch in a new context does not help: the tickets are of the old key.
  auto renamed = before;
  renamed.mutable_helpers(0)->set_epoch(2);
  auto stolen = world.request(renamed, world.everybody());
  for (int i = 0; i < stolen.tickets_size(); ++i) *stolen.mutable_tickets(i) = asked.tickets(i);
  CHECK(world.refusal(stolen) == v1::HELPER_REFUSAL_BAD_TICKET);
  world.start();
  CHECK(world.role->epoch() == 2);  // once
}

TEST_CASE("H10: an epoch number is not used again after a restore") {
  World world;
  Folder backup;
  const auto files = world.folder.path();
  world.role.reset();
  copy_into(files, backup.path());
  world.start();
  world.role->rotate(now);
  world.role->rotate(now);
  world.role.reset();
  fs::remove(files / "helper.db-wal");
  put_back(backup.path() / "helper.db", files / "helper.db");
  world.start();
  CHECK(world.role->epoch() == 4);
}

TEST_CASE("H10: a crash between the commit and the marker is no restore") {
  World world;
  Folder backup;
  world.role.reset();
  copy_into(world.folder.path(), backup.path());
  world.start();
  const auto asked = request(world, 1);
  const auto body = world.answer(asked);
  world.role.reset();
  put_back(backup.path() / "helper.marker", world.folder.path() / "helper.marker");
  world.start();
  CHECK(world.role->epoch() == 1);
  CHECK(world.answer(asked) == body);
}

TEST_CASE("marker: reads what was written, nothing else") {
  Folder folder;
  const Marker marker{folder.path() / "helper.marker"};
  CHECK_FALSE(marker.read());
  const MarkerState state{id_of<InstanceId>(7), 0x0123456789ABCDEF, 42};
  marker.create(state);
  CHECK(marker.read() == state);
  const auto identity = marker.identity();
  auto next = state;
  ++next.generation;
  marker.write(next);
  CHECK(marker.read() == next);
  CHECK(marker.identity() == identity);
  std::fstream file(folder.path() / "helper.marker",
                    std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(20).put('x').flush();
  CHECK_FALSE(marker.read());
}
