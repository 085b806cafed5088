#include <doctest/doctest.h>

#include "cloud/server/views.hpp"
#include "crypto/pairwise/graph.hpp"
#include "device-protocol/cpp/context.hpp"
#include "device-protocol/cpp/group.hpp"
#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::tests;
using cloud::engine::Decline;
using cloud::engine::Declined;
using cloud::engine::work_of;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

constexpr auto pairwise_spec =
    R"("mode": "pairwise", "n_min": 3, "pairwise": {"corrupt": 0, "dropout": 0.25, "member_patience_seconds": 60})";

v1::Work work(SiteWorld& world, const SiteGateway& gateway) {
  auto& c = world.coordinator();
  return work_of(gateway.id, c.rounds, c.fleet, c.revisions, c.identity, c.store);
}

// A task whose groups are made; nobody has prepared yet.
TaskId grouped_task(SiteWorld& world, const std::string& spec = pairwise_spec) {
  world.join_all();
  const auto created = world.coordinator().board.create(world.spec(world.import_model(5), spec));
  REQUIRE(std::holds_alternative<TaskId>(created));
  world.pass(seconds{3});
  return std::get<TaskId>(created);
}

wire::Group group_of(SiteWorld& world, const SiteGateway& gateway) {
  const auto current = work(world, gateway);
  REQUIRE(current.groups_size() == 1);
  return std::get<wire::Group>(wire::parse_group(current.groups(0).group()));
}

auto ready(SiteWorld& world, const SiteGateway& gateway, std::uint32_t until,
           const std::vector<DeviceId>& missing = {}) {
  const auto group = group_of(world, gateway);
  v1::GroupReadiness message;
  message.set_group_hash(group.hash.raw());
  message.set_ready_until(until);
  for (const auto& device : missing) message.add_missing(device.raw());
  return world.coordinator().groups.put_readiness(gateway.id, group.hash,
                                                  message.SerializeAsString());
}

const std::string& waits_for(SiteWorld& world, const TaskId& task) {
  return world.coordinator().board.find(task)->row.progress.state_reason;
}

bool open(SiteWorld& world, const TaskId& task) {
  return world.coordinator().rounds.open_round(task) != nullptr;
}

}  // namespace

TEST_CASE(
    "a pairwise task gets one signed group per gateway, and its round waits for all members") {
  SiteWorld world;
  const auto task = grouped_task(world);
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto offered = work(world, a);
  REQUIRE(offered.groups_size() == 1);
  CHECK(offered.rounds_size() == 0);
  const auto group = group_of(world, a);
  CHECK(group.devices == 4);
  CHECK(group.neighbours == 3);
  CHECK(group.first_slot == 1);
  CHECK(group.gateway == a.id);
  CHECK(group.task == task);
  CHECK(crypto::verify(world.coordinator().identity.verify, "group", group.hash,
                       *Signature::from(offered.groups(0).signature())));
  CHECK(offered.groups(0).members_size() == 4);
  CHECK(group.beacon != group_of(world, b).beacon);
  CHECK_FALSE(open(world, task));
  CHECK(waits_for(world, task).find("4 of 4 devices") != std::string::npos);

  CHECK(ready(world, a, 3).index() == 0);
  world.pass(seconds{1});
  CHECK_FALSE(open(world, task));
  CHECK(ready(world, b, 1, {b.devices[2]}).index() == 0);
  world.pass(seconds{1});
  CHECK_FALSE(open(world, task));
  CHECK(waits_for(world, task).find(b.devices[2].hex()) != std::string::npos);
  CHECK(ready(world, b, 2).index() == 0);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  const auto& run = world.round(task);
  REQUIRE(run.parts.size() == 2);
  const auto parsed = wire::parse_context(run.parts[0].row.context);
  const auto& context = std::get<wire::Context>(parsed);
  CHECK(context.mode == v1::TRUST_MODE_PAIRWISE);
  CHECK(context.pairwise->group == group.hash);
  CHECK(context.helpers.empty());
  CHECK(context.round == 1);
  CHECK(context.participation_threshold == UINT32_MAX);
  CHECK(context.n_min == 3);
  CHECK(context.roster_hash.raw() == offered.groups(0).roster_hash());
}

TEST_CASE("a gateway that is down does not count: the round opens with those that are ready") {
  SiteWorld world(3);
  const auto task = grouped_task(world);
  for (int i = 0; i < 2; ++i)
    CHECK(ready(world, world.gateways[static_cast<std::size_t>(i)], 5).index() == 0);
  world.pass(seconds{1});
  CHECK_FALSE(open(world, task));
  world.pass(seconds{130});
  CHECK_FALSE_MESSAGE(open(world, task), "all of them are silent");
  for (int i = 0; i < 2; ++i)
    world.coordinator().fleet.seen(world.gateways[static_cast<std::size_t>(i)].id);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  CHECK(world.round(task).parts.size() == 2);
}

TEST_CASE("sums come without masks, and the round may take as long as witnesses and shares do") {
  SiteWorld world(1);
  const auto task = grouped_task(world);
  const auto& a = world.gateways[0];
  CHECK(ready(world, a, 5).index() == 0);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  // 600 s for the uploads, 60 s of grace at least, 60 s for witnesses, 120 s for shares.
  world.coordinator().fleet.seen(a.id);
  world.pass(seconds{600 + 170});
  CHECK(open(world, task));
  auto made = world.contribute(task, a, {0, 1, 2});
  CHECK(world.coordinator().rounds.put_sum(a.id, world.ctx_of(task, a), made.sum).index() == 0);
  CHECK(world.coordinator().board.find(task)->row.progress.released == 1);
  const auto row = world.coordinator().store.rounds.of_task(task, 0, 10).at(0);
  CHECK(row.survivors == 3);
  CHECK(row.masks_removed == 0);
}

TEST_CASE("groups and readiness outlive a restart; a task that ended has none") {
  SiteWorld world;
  const auto task = grouped_task(world);
  const auto before = group_of(world, world.gateways[0]).hash;
  for (const auto& gateway : world.gateways) CHECK(ready(world, gateway, 2).index() == 0);
  world.restart();
  CHECK(group_of(world, world.gateways[0]).hash == before);
  world.pass(seconds{3});
  CHECK(open(world, task));
  world.coordinator().rounds.stop(task, "enough");
  CHECK(work(world, world.gateways[0]).groups_size() == 0);
}

TEST_CASE("members that never prepare are left out after a while, and get another chance later") {
  SiteWorld world(1, 5);
  const auto task = grouped_task(world);
  const auto& a = world.gateways[0];
  const auto first = group_of(world, a);
  CHECK(ready(world, a, 1, {a.devices[4]}).index() == 0);
  world.pass(seconds{59});
  CHECK(group_of(world, a).hash == first.hash);
  world.pass(seconds{5});
  const auto second = group_of(world, a);
  CHECK(second.devices == 4);
  CHECK_MESSAGE(second.first_slot == 2, "devices take a newer group only");
  CHECK(second.beacon != first.beacon);
  // The group before does not count any more.
  v1::GroupReadiness stale;
  stale.set_group_hash(first.hash.raw());
  stale.set_ready_until(9);
  const auto answer =
      world.coordinator().groups.put_readiness(a.id, first.hash, stale.SerializeAsString());
  REQUIRE(answer.index() == 1);
  CHECK(std::get<Declined>(answer).kind == Decline::unknown);
  CHECK(ready(world, a, 6).index() == 0);
  world.coordinator().fleet.seen(a.id);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  CHECK_MESSAGE(world.round(task).row.key.round == 2, "the slot is the round");
}

TEST_CASE("who was left out of a group gets another chance after an hour") {
  SiteWorld world(1, 5);
  grouped_task(world);
  const auto& a = world.gateways[0];
  CHECK(ready(world, a, 1, {a.devices[4]}).index() == 0);
  world.pass(seconds{61});
  REQUIRE(group_of(world, a).devices == 4);
  world.now += hours{1};
  world.coordinator().fleet.seen(a.id);
  world.pass(seconds{1});
  CHECK(group_of(world, a).devices == 5);
}

TEST_CASE("members that fell behind begin anew with everybody") {
  SiteWorld world(1, 5);
  const auto task = grouped_task(world);
  const auto& a = world.gateways[0];
  CHECK(ready(world, a, 2).index() == 0);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  auto made = world.contribute(task, a, {0, 1, 2, 3});
  CHECK(world.coordinator().rounds.put_sum(a.id, world.ctx_of(task, a), made.sum).index() == 0);
  CHECK(ready(world, a, 2, {a.devices[4]}).index() == 0);
  world.coordinator().fleet.seen(a.id);
  world.pass(seconds{1});
  CHECK_FALSE(open(world, task));
  world.pass(seconds{61});
  const auto group = group_of(world, a);
  CHECK(group.devices == 5);
  CHECK(group.first_slot == 2);
}

TEST_CASE("new devices join with a new group, when no round is open and the group is not young") {
  SiteWorld world(1);
  const auto task = grouped_task(world);
  auto& a = world.gateways[0];
  CHECK(ready(world, a, 5).index() == 0);
  world.pass(seconds{1});
  REQUIRE(open(world, task));
  DeviceId newcomer;
  newcomer.bytes.fill(0xfe);
  a.devices.push_back(newcomer);
  REQUIRE(world.coordinator().fleet.put_roster(a.id, world.roster_of(a)).index() == 0);
  world.pass(seconds{100});
  CHECK(group_of(world, a).devices == 4);
  auto made = world.contribute(task, a, {0, 1, 2, 3});
  CHECK(world.coordinator().rounds.put_sum(a.id, world.ctx_of(task, a), made.sum).index() == 0);
  world.coordinator().fleet.seen(a.id);
  world.pass(seconds{1});
  CHECK(group_of(world, a).devices == 5);
}

TEST_CASE(
    "attack: readiness of another gateway's group, of strangers or of past slots is refused") {
  SiteWorld world;
  grouped_task(world);
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto group = group_of(world, a);
  v1::GroupReadiness message;
  message.set_group_hash(group.hash.raw());
  message.set_ready_until(2);
  auto& groups = world.coordinator().groups;
  const auto kind = [&](const GatewayId& sender) {
    const auto answer = groups.put_readiness(sender, group.hash, message.SerializeAsString());
    return answer.index() == 0 ? std::nullopt : std::optional(std::get<Declined>(answer).kind);
  };
  CHECK(kind(b.id) == Decline::unknown);
  message.add_missing(b.devices[0].raw());
  CHECK(kind(a.id) == Decline::unverified);
  message.clear_missing();
  message.set_ready_until(0);
  CHECK(kind(a.id) == Decline::unverified);
  CHECK(groups.put_readiness(a.id, group.hash, "\x01").index() == 1);
  CHECK(groups.find(group.task, a.id)->ready_until == 1);
}

TEST_CASE("the task says in words what it holds out against, and how far the groups are") {
  SiteWorld world;
  const auto task = grouped_task(world);
  const auto view = cloud::server::task_view(*world.coordinator().board.find(task),
                                             world.coordinator().board, world.coordinator().groups);
  const std::string words(view.at("trust").as_string());
  CHECK(words.find("more than 0 % of the devices") != std::string::npos);
  CHECK(words.find("Of 4 devices each masks with 3 others") != std::string::npos);
  CHECK(words.find("It sees its own sums") != std::string::npos);
  CHECK(view.at("groups").as_array().size() == 2);
  CHECK(view.at("groups").as_array()[0].as_object().at("missing").as_array().size() == 4);
}
