#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/gateway/pairwise_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;

namespace {

std::vector<std::int64_t> words_of(const v1::GatewaySum& sum) {
  const Bytes words(sum.words().begin(), sum.words().end());
  return crypto::ring_centre(crypto::RingBits::b32, words);
}

// Everything up to the closing; `absent` do not upload.
void collect(PairwiseFleet& fleet, SiteWorld& world, const std::set<std::uint32_t>& absent = {}) {
  world.join_all();
  fleet.prepare(world);
  world.open(fleet.context(static_cast<std::uint32_t>(fleet.devices.size() - absent.size())));
  for (const auto& device : fleet.devices) {
    if (!absent.contains(device.index)) REQUIRE(fleet.upload(world, device));
  }
}

bool has_sum(SiteWorld& world) {
  for (const auto& [key, content] : world.outbox()) {
    if (key.starts_with("sum/")) return true;
  }
  return false;
}

std::string abandon_reason(SiteWorld& world) {
  for (const auto& [key, content] : world.outbox()) {
    v1::GatewayAbandon abandon;
    if (key.starts_with("abandon/") && abandon.ParseFromString(content)) return abandon.reason();
  }
  return {};
}

v1::GroupReadiness readiness(SiteWorld& world) {
  world.skipped += std::chrono::seconds(2);
  world.until([&] { return !world.site->readiness().empty(); });
  v1::GroupReadiness message;
  if (!world.site->readiness().empty()) {
    message.ParseFromString(world.site->readiness().front().message);
  }
  return message;
}

}  // namespace

TEST_CASE("pairwise: masks among devices come off, with members that dropped out") {
  PairwiseFleet fleet(8);
  SiteWorld world(fleet.fleet);
  std::set<std::uint32_t> absent;
  SUBCASE("nobody") {}
  SUBCASE("two, who still help to open") {
    absent = {1, 6};
  }
  collect(fleet, world, absent);
  CHECK(world.retained(world.offer_topic()).empty());
  fleet.finish(world);
  const auto sum = world.sum();
  CHECK(static_cast<std::size_t>(sum.survivors_size()) == 8 - absent.size());
  CHECK(words_of(sum) == fleet.fleet.true_sum(sum));
  CHECK(sum.tickets_size() == 0);

  auto work = world.standing;
  auto* outcome = work.add_outcomes();
  outcome->set_ctx_hash(sum.ctx_hash());
  outcome->set_kind(v1::ROUND_OUTCOME_RELEASED);
  world.site->take(work);
  world.settle();
  CHECK(world.retained_below("tributary/v1/site/closing/") == 0);
  CHECK(world.retained_below("tributary/v1/site/vow/") == 0);
  CHECK(world.retained_below("tributary/v1/site/head/") == 0);
  CHECK(world.retained_below("tributary/v1/site/member/") == 8);
  CHECK(readiness(world).ready_until() == 3);
}

TEST_CASE("the group's members are shown with paths, and cleared when a newer group comes") {
  PairwiseFleet fleet(5);
  SiteWorld world(fleet.fleet);
  world.join_all();
  fleet.prepare(world, 1);
  v1::Member member;
  REQUIRE(member.ParseFromString(world.retained(wire::member_topic(fleet.group_hash(), 4))));
  CHECK(member.index() == 4);
  CHECK(member.path_size() == 1);  // the odd last one of five
  CHECK(member.key().SerializeAsString() == fleet.fleet.devices[4].certified.SerializeAsString());

  v1::Work work;
  SUBCASE("a forged group changes nothing") {
    *work.add_groups() = fleet.offer();
    work.mutable_groups(0)->set_group(work.groups(0).group() + std::string("\x68\x01", 2));
    world.site->take(work);
    world.settle();
    CHECK(world.retained_below("tributary/v1/site/member/") == 5);
    CHECK_FALSE(world.retained(wire::member_topic(fleet.group_hash(), 4)).empty());
  }
  SUBCASE("a task that has no group any more has ended") {
    world.site->take(work);
    world.settle();
    CHECK(world.retained_below("tributary/v1/site/member/") == 0);
    CHECK(world.retained_below("tributary/v1/site/group/") == 0);
    fleet.say_prekey(world, fleet.devices[0], 1);
    world.settle();
    CHECK(world.rejected(fleet.fleet.devices[0], v1::REJECT_UNKNOWN_ROUND));
  }
}

TEST_CASE("readiness says who is missing, and a round waits for every prekey") {
  PairwiseFleet fleet(5);
  SiteWorld world(fleet.fleet);
  world.join_all();
  *world.standing.add_groups() = fleet.offer();
  world.site->take(world.standing);
  world.settle();
  for (std::uint32_t i = 0; i < 4; ++i) fleet.say_prekey(world, fleet.devices[i], 1);
  world.settle();
  const auto before = readiness(world);
  CHECK(before.ready_until() == 1);
  REQUIRE(before.missing_size() == 1);
  CHECK(before.missing(0) == fleet.fleet.devices[4].id.raw());
  world.open(fleet.context(5));
  CHECK(world.retained(world.offer_topic()).empty());
  fleet.say_prekey(world, fleet.devices[4], 1);
  world.until([&] { return fleet.prekey_receipted(world, fleet.devices[4], 1); });
  world.open(fleet.context(5));
  CHECK_FALSE(world.retained(world.offer_topic()).empty());
  CHECK(world.retained_below("tributary/v1/site/head/") == 5);
}

TEST_CASE("attack: prekeys of another owner, with other shares, or out of turn are refused") {
  PairwiseFleet fleet(5);
  SiteWorld world(fleet.fleet);
  world.join_all();
  fleet.prepare(world, 1);
  const auto& attacker = fleet.fleet.devices[0];
  auto prekey = fleet.prekey(fleet.devices[0], 2);
  v1::RejectReason wanted = v1::REJECT_MALFORMED;
  SUBCASE("another owner") {
    prekey = fleet.prekey(fleet.devices[1], 2);
    wanted = v1::REJECT_BAD_CERTIFICATE;
  }
  SUBCASE("other shares than were signed") {
    prekey.shares[2].self_seed.bytes[0] ^= 1;
    wanted = v1::REJECT_BAD_DIGEST;
  }
  SUBCASE("another threshold") {
    prekey.head.threshold = 2;
  }
  SUBCASE("far ahead") {
    prekey = fleet.prekey(fleet.devices[0], 1 + engine::GroupDesk::slots_ahead);
    wanted = v1::REJECT_OVER_CREDIT;
  }
  SUBCASE("of a group nobody knows") {
    prekey.head.graph.bytes[0] ^= 1;
    wanted = v1::REJECT_UNKNOWN_ROUND;
  }
  const auto bytes = pairwise::encode(prekey);
  world.say(attacker, wire::UpKind::prekey, std::string(text_of(bytes)));
  world.settle();
  CHECK(world.rejected(attacker, wanted));
  CHECK_FALSE(fleet.prekey_receipted(world, fleet.devices[0], prekey.head.slot));
  CHECK(readiness(world).ready_until() == 2);
}

TEST_CASE("attack: forged vows do not make a quorum") {
  PairwiseFleet fleet(6);
  SiteWorld world(fleet.fleet);
  collect(fleet, world);
  const auto& topic = wire::closing_topic(*TaskId::from(fleet.context(1).task_id()));
  REQUIRE(world.until([&] { return !world.retained(topic).empty(); }));
  const auto ctx_hash = wire::ctx_hash(fleet.context(6).SerializeAsString());
  for (auto& device : fleet.devices) {
    v1::Vow vow;
    vow.set_ctx_hash(ctx_hash.raw());
    vow.set_survivors_hash(Hash{}.raw());
    vow.set_signature(
        crypto::sign(fleet.fleet.devices[device.index].key, "survivor-set", Hash{}).raw());
    world.say(fleet.fleet.devices[device.index], wire::UpKind::vow, vow.SerializeAsString());
  }
  world.settle();
  CHECK(world.retained_below("tributary/v1/site/vow/") == 0);
  for (auto& device : fleet.devices) CHECK_FALSE(fleet.reveal(world, device));
  // A true vow, sent under a name that is not its own.
  auto& honest = fleet.devices[0];
  fleet.say_vow(world, honest);
  fleet.say_vow(world, honest);
  world.settle();
  CHECK(world.retained_below("tributary/v1/site/vow/") == (fleet.drawn(honest, 1) ? 1 : 0));
  world.skipped += std::chrono::seconds(61);
  REQUIRE(world.until([&] { return !abandon_reason(world).empty(); }));
  CHECK(world.retained(topic).empty());
  world.settle();
  CHECK(std::filesystem::is_empty(fleet.fleet.folder.path() / "state" / "journal"));
}

TEST_CASE("attack: holders that reveal something else are outvoted, and the owners are named") {
  PairwiseFleet fleet(8);
  SiteWorld world(fleet.fleet);
  collect(fleet, world, {3});
  fleet.devices[0].lies = true;
  fleet.devices[5].lies = true;
  fleet.finish(world);
  const auto sum = world.sum();
  CHECK(words_of(sum) == fleet.fleet.true_sum(sum));
}

TEST_CASE("with too many liars there is no sum: abandoned at the deadline, the owner named") {
  PairwiseFleet fleet(6);
  SiteWorld world(fleet.fleet);
  collect(fleet, world);
  for (std::uint32_t i = 0; i < 3; ++i) fleet.devices[i].lies = true;
  fleet.finish(world);
  CHECK_FALSE(has_sum(world));
  world.skipped += std::chrono::seconds(61);
  REQUIRE(world.until([&] { return !abandon_reason(world).empty(); }));
  CAPTURE(abandon_reason(world));
  // All five shares of the last device are here and do not give its secret.
  CHECK(abandon_reason(world).find(fleet.fleet.devices[5].id.hex()) != std::string::npos);
  CHECK(std::ranges::any_of(world.log, [](const std::string& line) {
    return line.find("secret_does_not_fit") != std::string::npos;
  }));
  world.settle();
  CHECK(std::filesystem::is_empty(fleet.fleet.folder.path() / "state" / "journal"));
}

TEST_CASE("attack: a gateway that asks to open fewer than n_min gets nothing") {
  PairwiseFleet fleet(6);
  SiteWorld world(fleet.fleet);
  world.join_all();
  fleet.prepare(world);
  auto context = fleet.context(2);
  context.set_n_min(2);  // the coordinator plays along; the devices' floor does not
  world.open(context);
  for (std::uint32_t i = 0; i < 2; ++i) REQUIRE(fleet.upload(world, fleet.devices[i]));
  fleet.finish(world);
  for (auto& device : fleet.devices) {
    CHECK_FALSE(device.vow.has_value());
    CHECK_FALSE(fleet.reveal(world, device));
  }
  CHECK_FALSE(has_sum(world));
}

TEST_CASE("property: a device opens one of a member's two secrets, whatever it is shown later") {
  PairwiseFleet fleet(6);
  {
    SiteWorld world(fleet.fleet);
    collect(fleet, world, {2});
    fleet.finish(world);
    CHECK(has_sum(world));
  }
  const auto record = fleet.devices[0].record;
  // A gateway that forgot everything shows the same slot with everybody in the sum.
  std::filesystem::remove_all(fleet.fleet.folder.path() / "state");
  std::filesystem::create_directories(fleet.fleet.folder.path() / "state");
  SiteWorld world(fleet.fleet);
  collect(fleet, world);
  fleet.finish(world);
  CHECK(world.retained_below("tributary/v1/site/vow/") == 0);
  for (auto& device : fleet.devices) CHECK_FALSE(fleet.reveal(world, device));
  CHECK(fleet.devices[0].record == record);
  CHECK_FALSE(has_sum(world));
}

TEST_CASE("late devices: who slept through the uploads helps, who comes after the sum is told so") {
  PairwiseFleet fleet(7);
  SiteWorld world(fleet.fleet);
  collect(fleet, world, {4});
  fleet.finish(world);
  REQUIRE(has_sum(world));
  CHECK(fleet.reveal(world, fleet.devices[4]));
  CHECK(words_of(world.sum()) == fleet.fleet.true_sum(world.sum()));
}

TEST_CASE("a prekey of the slot of an open round does not change any more") {
  PairwiseFleet fleet(5);
  SiteWorld world(fleet.fleet);
  world.join_all();
  fleet.prepare(world, 1);
  world.open(fleet.context(5));
  const auto head = world.retained(wire::head_topic(fleet.group_hash(), 1, 0));
  REQUIRE_FALSE(head.empty());
  fleet.devices[0].chain = pairwise::PrekeyChain(1, pairwise::ChainKey::random());
  world.heard(fleet.fleet.devices[0].id).clear();
  fleet.say_prekey(world, fleet.devices[0], 1);
  world.until([&] { return fleet.prekey_receipted(world, fleet.devices[0], 1); });
  bool same = false;
  world.site->writer().commit([&](engine::Store& store) {
    same = text_of(store.groups().heads(fleet.group_hash(), 1).at(0)) == head;
  });
  world.settle();
  CHECK(same);
}

TEST_CASE("a device that was away learns from a receipt which slot is next") {
  PairwiseFleet fleet(5);
  SiteWorld world(fleet.fleet);
  collect(fleet, world);
  fleet.finish(world);
  auto work = world.standing;
  auto* outcome = work.add_outcomes();
  outcome->set_ctx_hash(world.sum().ctx_hash());
  outcome->set_kind(v1::ROUND_OUTCOME_RELEASED);
  world.site->take(work);
  world.settle();
  const auto& own = fleet.fleet.devices[2];
  world.heard(own.id).clear();
  fleet.say_prekey(world, fleet.devices[2], 1);
  REQUIRE(fleet.prekey_receipted(world, fleet.devices[2], 1));
  v1::PrekeyReceipt receipt;
  REQUIRE(receipt.ParseFromString(world.heard(own.id).back().payload));
  const auto key =
      fleet.fleet.gateway_pair_key(own, world.retained(std::string(wire::site_keys_topic)));
  CHECK(receipt.next_slot() == 2);
  CHECK(receipt.next_mac() == pairwise::next_slot_mac(key, fleet.group_hash(), own.id, 2).raw());
}

TEST_CASE("after a restart a slot that is over stays over, though no prekey is left to show it") {
  PairwiseFleet fleet(5);
  {
    SiteWorld world(fleet.fleet);
    world.join_all();
    fleet.prepare(world, 1);
    world.open(fleet.context(5));
    for (const auto& device : fleet.devices) REQUIRE(fleet.upload(world, device));
    fleet.finish(world);
    auto work = world.standing;
    auto* outcome = work.add_outcomes();
    outcome->set_ctx_hash(world.sum().ctx_hash());
    outcome->set_kind(v1::ROUND_OUTCOME_RELEASED);
    world.site->take(work);
    world.settle();
  }
  SiteWorld world(fleet.fleet);
  world.join_all();
  CHECK(world.retained_below("tributary/v1/site/member/") == 5);
  const auto now = readiness(world);
  CHECK(now.ready_until() == 2);
  CHECK(now.missing_size() == 5);
}

TEST_CASE(
    "killed before any word the gateway says, a pairwise round ends with the same exact sum") {
  bool crashed = true;
  int said = 0;
  for (; crashed; said += 5) {
    CAPTURE(said);
    PairwiseFleet fleet(5);
    const auto play = [&](int crash_at) {
      SiteWorld world(fleet.fleet);
      int count = 0;
      world.before_speaking = [&] {
        if (count++ == crash_at) ::_exit(9);
      };
      world.join_all();
      fleet.prepare(world, 1);
      world.open(fleet.context(4));
      const bool open = !world.retained(world.offer_topic()).empty();
      for (const auto& device : fleet.devices) {
        if (open && device.index != 3) fleet.upload(world, device);
      }
      fleet.finish(world);
      return world.sum();
    };
    const pid_t child = ::fork();
    if (child == 0) {
      play(said);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    crashed = WEXITSTATUS(status) == 9;
    const auto sum = play(-1);
    CHECK(sum.survivors_size() == 4);
    CHECK(words_of(sum) == fleet.fleet.true_sum(sum));
  }
  CHECK(said > 50);
}
