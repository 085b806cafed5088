// Invited rounds through the whole site (PROTOCOL.md 13): who is chosen, who may upload, who is sent to sleep, and
// that all of it outlives the gateway.
#include <doctest/doctest.h>

#include "device-protocol/cpp/signed.hpp"
#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;

namespace {

v1::RoundContext invited(const Fleet& fleet, std::uint64_t round, std::uint32_t target) {
  auto context = fleet.context(2, target);
  context.set_minimum_reader_version(5);
  context.set_invited(true);
  context.set_round(round);
  return context;
}

void tell(SiteWorld& world, const FleetDevice& device, v1::LifeState life, std::uint32_t battery) {
  v1::DeviceState state;
  state.set_state(life);
  state.set_boot_id(std::string(8, 'b'));
  state.set_session(1);
  state.mutable_conditions()->set_battery(battery + 1);
  state.mutable_conditions()->set_power(v1::POWER_BATTERY);
  world.site->message(wire::up_topic(device.id, wire::UpKind::state), state.SerializeAsString(),
                      false);
  world.settle();
}

// The device's retained invitation; sequence 0: none.
v1::Invitation invitation(SiteWorld& world, const FleetDevice& device) {
  world.settle();
  v1::Signed message;
  REQUIRE(message.ParseFromString(
      world.retained(wire::down_topic(device.id, wire::DownKind::invitation))));
  v1::Invitation invitation;
  REQUIRE(invitation.ParseFromString(message.body()));
  if (message.body().empty()) return invitation;
  CHECK(wire::verify_body("invitation", message, crypto::verify_key(world.fleet.identity().key)));
  CHECK(invitation.device_id() == device.id.raw());
  return invitation;
}

std::uint64_t seconds(const SiteWorld& world) {
  return static_cast<std::uint64_t>(world.wall.time_since_epoch().count());
}

}  // namespace

TEST_CASE("who can is invited, who cannot is told when to come back, and its upload is refused") {
  Fleet fleet(5);
  SiteWorld world(fleet);
  world.join_all();
  for (std::size_t i = 0; i < 5; ++i) {
    tell(world, fleet.devices[i], v1::LIFE_READY, i == 0 ? 10 : 90);
  }
  const auto context = invited(fleet, 1, 3);
  world.open(context);
  const Hash ctx_hash = wire::ctx_hash(context.SerializeAsString());
  const auto flat = invitation(world, fleet.devices[0]);
  CHECK(flat.ctx_hash().empty());
  CHECK(flat.come_back_at() > seconds(world) + 1200);
  for (std::size_t i = 1; i < 5; ++i) {
    CHECK(invitation(world, fleet.devices[i]).ctx_hash() == ctx_hash.raw());
    CHECK(invitation(world, fleet.devices[i]).come_back_at() == 0);
  }
  const auto metrics = world.metrics.text();
  CHECK(metrics.find("selection_total{reason=\"battery\"} 1") != std::string::npos);
  CHECK(metrics.find("selection_total{reason=\"chosen\"} 4") != std::string::npos);
  world.upload(fleet.devices[0]);
  CHECK(world.rejected(fleet.devices[0], v1::REJECT_NOT_SELECTED));
  for (std::size_t i = 1; i < 4; ++i) world.upload(fleet.devices[i]);
  CHECK(world.sum().survivors_size() == 3);
  // Its part is done: it may leave. So may the one that was not needed any more.
  CHECK(invitation(world, fleet.devices[1]).ctx_hash().empty());
  CHECK(invitation(world, fleet.devices[1]).come_back_at() > seconds(world));
  CHECK(invitation(world, fleet.devices[4]).ctx_hash().empty());
}

TEST_CASE("a choice outlives the gateway: the same devices, without a state of any") {
  Fleet fleet(4);
  const auto context = invited(fleet, 1, 2);
  std::uint64_t newest = 0;
  {
    SiteWorld world(fleet);
    world.join_all();
    tell(world, fleet.devices[0], v1::LIFE_LOST, 90);
    world.open(context);
    newest = invitation(world, fleet.devices[1]).sequence();
    CHECK(newest > 0);
    world.upload(fleet.devices[1]);
    CHECK(world.receipts.size() == 1);
  }
  SiteWorld world(fleet);
  world.wall += std::chrono::seconds(1);
  CHECK(world.until([&] { return !world.retained(world.offer_topic()).empty(); }));
  world.upload(fleet.devices[0]);
  CHECK(world.rejected(fleet.devices[0], v1::REJECT_NOT_SELECTED));
  CHECK(invitation(world, fleet.devices[2]).sequence() > newest);
  world.upload(fleet.devices[2]);
  CHECK(world.sum().survivors_size() == 2);
}

TEST_CASE(
    "a device that sleeps on the gateway's word is not waited for, and is invited when it has "
    "woken up") {
  Fleet fleet(4);
  SiteWorld world(fleet);
  world.join_all();
  for (const auto& device : fleet.devices) tell(world, device, v1::LIFE_READY, 90);
  tell(world, fleet.devices[0], v1::LIFE_READY, 10);
  world.open(invited(fleet, 1, 2));
  const auto back = invitation(world, fleet.devices[0]).come_back_at();
  CHECK(back > seconds(world));
  tell(world, fleet.devices[0], v1::LIFE_SLEEPING, 90);
  for (std::size_t i = 1; i < 3; ++i) world.upload(fleet.devices[i]);
  (void)world.sum();
  world.open(invited(fleet, 2, 2));
  CHECK(invitation(world, fleet.devices[0]).come_back_at() == back);  // nobody disturbs it
  CHECK(world.metrics.text().find("selection_total{reason=\"asleep\"} 1") != std::string::npos);
  world.receipts.clear();
  for (std::size_t i = 1; i < 3; ++i) world.upload(fleet.devices[i]);
  tell(world, fleet.devices[0], v1::LIFE_READY, 90);
  const auto third = invited(fleet, 3, 3);
  world.open(third);
  CHECK(invitation(world, fleet.devices[0]).ctx_hash() ==
        wire::ctx_hash(third.SerializeAsString()).raw());
}

TEST_CASE("while a round is open in which devices decide by themselves nobody is sent to sleep") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  auto other = fleet.context(2, 3);
  other.set_task_id(std::string(16, 'o'));
  world.open(other);
  tell(world, fleet.devices[0], v1::LIFE_READY, 10);
  world.open(invited(fleet, 1, 2));
  CHECK(invitation(world, fleet.devices[0]).sequence() > 0);
  CHECK(invitation(world, fleet.devices[0]).come_back_at() == 0);
}
