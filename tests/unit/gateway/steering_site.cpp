// Devices by topic through the whole site: what is kept before it is said, and what outlives the gateway.
#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "device-protocol/cpp/signed.hpp"
#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;

namespace {

std::string config(const FleetDevice& device, const std::string& what) {
  return "tributary/v1/config/device/" + device.id.hex() + "/" + what;
}

boost::json::object shown(SiteWorld& world, const std::string& topic) {
  world.settle();
  const auto& text = world.retained(topic);
  REQUIRE_MESSAGE(!text.empty(), topic);
  return boost::json::parse(text).as_object();
}

void set(SiteWorld& world, const FleetDevice& device, std::string_view payload) {
  world.site->message(config(device, "set"), payload, false);
  world.settle();
}

// The device's retained settings; version 0: none.
v1::Settings settings(SiteWorld& world, const FleetDevice& device) {
  world.settle();
  v1::Signed message;
  REQUIRE(message.ParseFromString(
      world.retained(wire::down_topic(device.id, wire::DownKind::settings))));
  v1::Settings settings;
  REQUIRE(settings.ParseFromString(message.body()));
  if (!message.body().empty()) {
    CHECK(crypto::verify(crypto::verify_key(world.fleet.identity().key), "settings",
                         wire::body_hash("settings", message.body()),
                         *Signature::from(message.signature())));
  }
  return settings;
}

v1::DeviceState state(v1::LifeState life, char boot, std::uint32_t session) {
  v1::DeviceState state;
  state.set_state(life);
  state.set_boot_id(std::string(8, boot));
  state.set_session(session);
  state.set_firmware(life == v1::LIFE_LOST ? "" : "valve 1.4");
  return state;
}

}  // namespace

TEST_CASE("a valid set becomes signed settings, a desired document and an answer") {
  Fleet fleet(2);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  set(world, device, R"({"pause":true,"local_steps":7,"request":"r-1"})");
  const auto first = settings(world, device);
  CHECK(first.pause());
  CHECK(first.local_steps() == 7);
  CHECK(first.device_id() == device.id.raw());
  const auto answer = shown(world, config(device, "answer"));
  CHECK(answer.at("accepted").as_bool());
  CHECK(answer.at("request").as_string() == "r-1");
  CHECK(answer.at("version").to_number<std::uint64_t>() == first.version());
  CHECK(shown(world, config(device, "desired")).at("effective").at("local_steps") == 7);
  set(world, device, R"({"pause":null})");
  const auto second = settings(world, device);
  CHECK_FALSE(second.pause());
  CHECK(second.local_steps() == 7);
  CHECK(second.version() > first.version());
  CHECK(settings(world, fleet.devices[1]).version() == 0);
}

TEST_CASE("a bad value is rejected with its reason, and the last good settings stay") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  set(world, device, R"({"batch_size":8})");
  const auto good = settings(world, device);
  set(world, device, R"({"batch_size":0,"pause":true,"request":"bad"})");
  const auto answer = shown(world, config(device, "answer"));
  CHECK_FALSE(answer.at("accepted").as_bool());
  CHECK(answer.at("reason").as_string().find("batch_size") == 0);
  CHECK(answer.at("request").as_string() == "bad");
  CHECK(settings(world, device).SerializeAsString() == good.SerializeAsString());
}

TEST_CASE("a group's settings reach its members, those of all reach everybody") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  set(world, fleet.devices[0], R"({"groups":["line-3"],"clip":0.5})");
  world.site->message("tributary/v1/config/group/line-3/set", R"({"pause":true,"clip":2})", false);
  world.settle();
  CHECK(settings(world, fleet.devices[0]).pause());
  CHECK(settings(world, fleet.devices[0]).clip() == doctest::Approx(0.5));
  CHECK(settings(world, fleet.devices[1]).version() == 0);
  const auto before = settings(world, fleet.devices[0]).version();
  world.site->message("tributary/v1/config/group/all/set", R"({"min_battery":30})", false);
  for (const auto& device : fleet.devices) CHECK(settings(world, device).min_battery() == 30);
  CHECK(settings(world, fleet.devices[0]).version() > before);
  CHECK(settings(world, fleet.devices[0]).pause());
}

TEST_CASE(
    "R1: what was answered outlives the gateway; versions only go up, also when the clock goes "
    "back") {
  Fleet fleet(1);
  const auto& device = fleet.devices[0];
  v1::Settings before;
  {
    SiteWorld world(fleet);
    set(world, device, R"({"pause":true,"groups":["a"]})");
    world.site->message("tributary/v1/config/group/a/set", R"({"local_steps":3})", false);
    before = settings(world, device);
  }
  SiteWorld world(fleet);
  world.wall -= std::chrono::hours(24 * 400);
  CHECK(settings(world, device).SerializeAsString() == before.SerializeAsString());
  set(world, device, R"({"pause":false})");
  CHECK(settings(world, device).version() > before.version());
  CHECK(settings(world, device).local_steps() == 3);
}

TEST_CASE("a gateway that lost its database goes on from the version its device reports") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  v1::SettingsReport report;
  report.set_boot_id(std::string(8, 'b'));
  report.set_version(1'900'000'000);
  world.say(device, wire::UpKind::settings, report.SerializeAsString());
  CHECK(settings(world, device).version() > 1'900'000'000);
  // attack: a version no gateway would have given is not followed
  report.set_version(~std::uint64_t{0} - 1);
  world.say(device, wire::UpKind::settings, report.SerializeAsString());
  CHECK(settings(world, device).version() < 2'000'000'000);
}

TEST_CASE("attack: a retained set is cleared unread, and unknown devices get no topics") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  world.site->message(config(fleet.devices[0], "set"), R"({"pause":true})", true);
  world.settle();
  CHECK(settings(world, fleet.devices[0]).version() == 0);
  const auto before = world.retained_below("tributary/v1/config/");
  const std::string stranger = "tributary/v1/config/device/" + std::string(32, 'a') + "/set";
  world.site->message(stranger, R"({"pause":true})", false);
  world.site->message("tributary/v1/config/group/new/set", R"({"pause":7})", false);
  world.site->message("tributary/v1/config/group/no good/set", R"({"pause":true})", false);
  world.settle();
  CHECK(world.retained_below("tributary/v1/config/") == before);
  // Whoever asks is told why all the same.
  CHECK(world.told.at("tributary/v1/config/group/new/answer").find("pause") != std::string::npos);
  CHECK(world.told.at("tributary/v1/config/device/" + std::string(32, 'a') + "/answer")
            .find("not enrolled") != std::string::npos);
}

TEST_CASE("reports and states are shown, with the name of what a device refused") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  v1::SettingsReport report;
  report.set_boot_id(std::string(8, '\x01'));
  report.set_rejected_version(5);
  report.set_rejected_field(v1::Settings::kMinBatteryFieldNumber);
  report.set_reason(v1::SETTINGS_UNSUPPORTED);
  world.say(device, wire::UpKind::settings, report.SerializeAsString());
  const auto reported = shown(world, config(device, "reported"));
  CHECK(reported.at("boot").as_string() == "0101010101010101");
  CHECK(reported.at("rejected").at("setting").as_string() == "min_battery");
  CHECK(reported.at("rejected").at("reason").as_string() == "unsupported");
  CHECK(shown(world, config(device, "state")).at("state").as_string() == "unknown");
  auto ready = state(v1::LIFE_READY, '\x01', 2);
  ready.set_held_back(v1::HELD_BACK_BATTERY);
  world.say(device, wire::UpKind::state, ready.SerializeAsString());
  const auto seen = shown(world, config(device, "state"));
  CHECK(seen.at("state").as_string() == "ready");
  CHECK(seen.at("held_back").as_string() == "battery");
  CHECK(seen.at("firmware").as_string() == "valve 1.4");
}

TEST_CASE("the will of an earlier connection says nothing; that of this one does") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  const auto say = [&](const v1::DeviceState& told) {
    world.say(device, wire::UpKind::state, told.SerializeAsString());
    return std::string(shown(world, config(device, "state")).at("state").as_string());
  };
  CHECK(say(state(v1::LIFE_READY, 'a', 2)) == "ready");
  CHECK(say(state(v1::LIFE_LOST, 'a', 1)) == "ready");
  CHECK(say(state(v1::LIFE_LOST, 'b', 2)) == "ready");
  CHECK(say(state(v1::LIFE_LOST, 'a', 2)) == "lost");
  CHECK(shown(world, config(device, "state")).at("firmware").as_string() == "valve 1.4");
  CHECK(say(state(v1::LIFE_READY, 'c', 1)) == "ready");
  world.say(device, wire::UpKind::state, "\xff\xff");
  CHECK(world.rejected(device, v1::REJECT_MALFORMED));
}

TEST_CASE("R15: revoked by topic, a device is off the list at once and its documents are gone") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  const auto& device = fleet.devices[0];
  set(world, device, R"({"pause":true})");
  set(world, device, R"({"revoked":true})");
  world.hello(device);
  world.settle();
  CHECK(world.rejected(device, v1::REJECT_REVOKED));
  CHECK(world.retained(wire::down_topic(device.id, wire::DownKind::settings)).empty());
  CHECK(world.retained(config(device, "desired")).empty());
  CHECK(shown(world, config(device, "state")).at("state").as_string() == "revoked");
  const auto folder = fleet.folder.path() / "devices";
  CHECK_FALSE(std::filesystem::exists(folder / (device.id.hex() + ".cert")));
  CHECK(std::filesystem::exists(folder / (device.id.hex() + ".revoked")));
}

TEST_CASE("a decommissioned device is revoked when it says so, and only when it was asked to be") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  world.say(device, wire::UpKind::state,
            state(v1::LIFE_DECOMMISSIONED, 'a', 1).SerializeAsString());
  CHECK(shown(world, config(device, "state")).at("state").as_string() == "decommissioned");
  set(world, device, R"({"decommission":true})");
  CHECK(settings(world, device).decommission());
  world.say(device, wire::UpKind::state,
            state(v1::LIFE_DECOMMISSIONED, 'a', 1).SerializeAsString());
  CHECK(shown(world, config(device, "state")).at("state").as_string() == "revoked");
}

TEST_CASE("what an earlier life left on the broker is cleared unless it is of now") {
  Fleet fleet(1);
  SiteWorld world(fleet);
  const auto& device = fleet.devices[0];
  set(world, device, R"({"pause":true})");
  const auto own = wire::down_topic(device.id, wire::DownKind::settings);
  const std::string kept = world.retained(own);
  world.site->message(own, "old", true);
  world.settle();
  CHECK(world.retained(own) == kept);
  const auto before = world.retained_below("tributary/v1/device/");
  world.site->message("tributary/v1/device/" + std::string(32, 'a') + "/down/settings", "old",
                      true);
  world.settle();
  CHECK(world.retained_below("tributary/v1/device/") == before);
}
