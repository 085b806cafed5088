// PROTOCOL.md 11 on the device: settings narrow what it does, the last good ones survive, states are told.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>

#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

struct Steered {
  Steered() {
    REQUIRE(sodium_init() >= 0);
    site.steered = true;
  }
  v1::Settings next() {
    v1::Settings settings;
    settings.set_version(++version);
    return settings;
  }
  void boot() { device.emplace(site); }
  void run() { device->run(5000); }
  std::uint64_t in_force() { return trib_client_settings_version(device->client); }

  Site site;
  std::uint64_t version = 0;
  std::optional<Device> device;
};

// The device takes part in the round that is opened, or not.
bool contributes(Steered& world, std::uint64_t round) {
  world.site.open_round(round);
  world.run();
  return world.site.receipts.contains(round);
}

}  // namespace

TEST_CASE("pause stops participation, resume takes the offer that was passed over") {
  Steered world;
  auto settings = world.next();
  settings.set_pause(true);
  world.site.settle(settings);
  world.boot();
  CHECK_FALSE(contributes(world, 1));
  CHECK(world.site.states.back().held_back() == v1::HELD_BACK_PAUSED);
  CHECK(world.site.reports.back().version() == 1);
  world.site.settle(world.next());
  world.run();
  CHECK(world.site.receipts.contains(1));
  CHECK(world.site.states.back().held_back() == v1::HELD_BACK_NONE);
}

TEST_CASE("pause ends a round that has no vector yet, and finishes an upload under way") {
  for (const bool uploading : {false, true}) {
    CAPTURE(uploading);
    Steered world;
    world.site.credit_chunks = 1;
    world.site.open_round(1);
    world.boot();
    const auto until = uploading ? TRIB_PHASE_UPLOADING : TRIB_PHASE_TRAINING;
    for (int turns = 0; turns < 200 && trib_client_phase(world.device->client) != until; ++turns) {
      world.device->run_once();
    }
    REQUIRE(trib_client_phase(world.device->client) == until);
    auto settings = world.next();
    settings.set_pause(true);
    world.site.settle(settings);
    world.run();
    CHECK(world.site.receipts.contains(1) == uploading);
    CHECK(trib_client_phase(world.device->client) == TRIB_PHASE_IDLE);
  }
}

TEST_CASE("battery, link, mains, data and window hold the device back until they allow it") {
  struct Case {
    std::function<void(v1::Settings&)> set;
    std::function<void(Site&)> bad, good;
    v1::HeldBack why;
  };
  const auto nothing = [](Site&) {};
  const Case cases[] = {
      {[](auto& s) { s.set_min_battery(40); }, [](auto& s) { s.conditions.battery = 39; },
       [](auto& s) { s.conditions.battery = 40; }, v1::HELD_BACK_BATTERY},
      {[](auto& s) { s.set_min_link(50); }, [](auto& s) { s.conditions.link = 49; },
       [](auto& s) { s.conditions.link = 50; }, v1::HELD_BACK_LINK},
      {[](auto& s) { s.set_mains_only(true); }, [](auto& s) { s.conditions.on_mains = false; },
       [](auto& s) { s.conditions.on_mains = true; }, v1::HELD_BACK_MAINS},
      // 1800000000 is 08:00 UTC.
      {[](auto& s) {
         s.mutable_participation_window()->set_from(22 * 60);
         s.mutable_participation_window()->set_until(6 * 60);
       },
       nothing, [](auto& s) { s.unix_seconds += 15 * 3600; }, v1::HELD_BACK_WINDOW},
      {[](auto& s) {
         s.mutable_participation_window()->set_from(7 * 60);
         s.mutable_participation_window()->set_until(9 * 60);
       },
       [](auto& s) { s.unix_seconds = 0; }, [](auto& s) { s.unix_seconds = 1800000000; },
       v1::HELD_BACK_WINDOW}};
  for (const auto& one : cases) {
    CAPTURE(one.why);
    Steered world;
    one.bad(world.site);
    auto settings = world.next();
    one.set(settings);
    world.site.settle(settings);
    world.boot();
    auto terms = world.site.context(1);
    terms.set_deadline(1900000000);
    world.site.open_round(terms);
    world.run();
    CHECK_FALSE(world.site.receipts.contains(1));
    CHECK(world.site.states.back().held_back() == one.why);
    one.good(world.site);
    world.device->run(200000);
    CHECK(world.site.receipts.contains(1));
  }
  Steered world;
  auto settings = world.next();
  settings.set_min_examples(51);
  world.site.settle(settings);
  world.boot();
  CHECK_FALSE(contributes(world, 1));
  settings = world.next();
  settings.set_min_examples(50);
  world.site.settle(settings);
  world.run();
  CHECK(world.site.receipts.contains(1));
}

TEST_CASE("an upload waits for its window, and the round is not lost") {
  Steered world;
  auto settings = world.next();
  settings.mutable_upload_window()->set_from(9 * 60);
  settings.mutable_upload_window()->set_until(10 * 60);
  world.site.settle(settings);
  world.boot();
  auto terms = world.site.context(1);
  terms.set_deadline(1900000000);
  world.site.open_round(terms);
  world.run();
  CHECK(world.site.uploads.empty());
  CHECK(trib_client_phase(world.device->client) == TRIB_PHASE_REQUESTING);
  world.site.unix_seconds += 3600;
  world.run();
  CHECK(world.site.receipts.contains(1));
}

TEST_CASE(
    "steps, batch, rate, clip and chunk are bounds: the smaller of settings and round counts") {
  Steered world;
  world.site.steady = 0.5F;
  auto settings = world.next();
  settings.set_local_steps(1);
  settings.set_clip(0.125F);
  world.site.settle(settings);
  world.boot();
  auto terms = world.site.context(1);
  terms.mutable_training()->set_local_steps(3);
  world.site.open_round(terms);
  world.run();
  REQUIRE(world.site.receipts.contains(1));
  CHECK(world.device->training_steps == 1);
  double square = 0;
  for (std::uint32_t i = 0; i < parameters; ++i) square += std::pow(world.site.revealed[i], 2);
  const double scale = std::ldexp(1.0, terms.encoding().scale_log2());
  CHECK(std::sqrt(square) <= scale * 0.125);
  CHECK(std::sqrt(square) > 0);
  settings = world.next();
  settings.set_chunk_size(48);
  world.site.settle(settings);
  world.run();
  CHECK(world.site.context(2).chunk_bytes() > 48);
  CHECK_FALSE(contributes(world, 2));
}

TEST_CASE("local noise raises the round's, and passes over rounds where it cannot be added") {
  Steered world;
  auto settings = world.next();
  settings.set_local_noise(0.5F);
  world.site.settle(settings);
  world.boot();
  auto terms = world.site.context(1);
  terms.mutable_training()->set_clipping_norm(0);
  terms.mutable_training()->set_dp_noise(0);
  world.site.open_round(terms);
  world.run();
  CHECK_FALSE(world.site.receipts.contains(1));
  terms = world.site.context(2);
  terms.mutable_training()->set_clipping_norm(1);
  world.site.open_round(terms);
  world.run();
  CHECK(world.site.receipts.contains(2));
}

TEST_CASE("a bad value, an unmeasurable wish: rejected with field and reason, the last good kept") {
  Steered world;
  world.site.conditions.battery_known = false;
  auto good = world.next();
  good.set_local_steps(2);
  world.site.settle(good);
  world.boot();
  world.run();
  REQUIRE(world.in_force() == 1);
  auto bad = world.next();
  bad.set_batch_size(65537);
  world.site.settle(bad);
  world.run();
  CHECK(world.in_force() == 1);
  CHECK(world.site.reports.back().version() == 1);
  CHECK(world.site.reports.back().rejected_version() == 2);
  CHECK(world.site.reports.back().rejected_field() == v1::Settings::kBatchSizeFieldNumber);
  CHECK(world.site.reports.back().reason() == v1::SETTINGS_OUT_OF_RANGE);
  bad = world.next();
  bad.set_min_battery(10);
  world.site.settle(bad);
  world.run();
  CHECK(world.site.reports.back().rejected_field() == v1::Settings::kMinBatteryFieldNumber);
  CHECK(world.site.reports.back().reason() == v1::SETTINGS_UNSUPPORTED);
  for (const float value : {NAN, INFINITY, -1.0F}) {
    bad = world.next();
    bad.set_learning_rate(value);
    world.site.settle(bad);
    world.run();
    CHECK(world.site.reports.back().rejected_field() == v1::Settings::kLearningRateFieldNumber);
  }
  CHECK(world.in_force() == 1);
  world.boot();  // the good ones come from storage, the bad ones are refused again
  CHECK(world.in_force() == 1);
}

TEST_CASE("attack: settings of another device, another signer or an older version change nothing") {
  Steered world;
  world.boot();
  world.run();
  auto settings = world.next();
  settings.set_version(5);
  settings.set_pause(true);
  auto foreign = settings;
  foreign.set_device_id(std::string(16, 'x'));
  world.site.settle(foreign);
  world.run();
  CHECK(world.device->said.contains(TRIB_BAD_CONTEXT));
  Site stranger;
  stranger.settle(settings);
  world.site.waiting = stranger.waiting;
  world.run();
  CHECK(world.device->said.contains(TRIB_BAD_SIGNATURE));
  CHECK(world.in_force() == 0);
  world.site.settle(settings);
  world.run();
  CHECK(world.in_force() == 5);
  settings.set_version(4);
  settings.set_pause(false);
  world.site.settle(settings);
  world.run();
  CHECK(world.in_force() == 5);
  CHECK(world.site.reports.back().version() == 5);
  CHECK_FALSE(contributes(world, 1));
}

TEST_CASE("forget erases what was learned and never the counters; a round is not repeated") {
  Steered world;
  world.site.open_round(1);
  world.boot();
  world.run();
  REQUIRE(world.site.receipts.contains(1));
  world.site.open_round(2);
  while (trib_client_phase(world.device->client) != TRIB_PHASE_TRAINING) world.device->run_once();
  auto settings = world.next();
  settings.set_forget(1);
  world.site.settle(settings);
  world.run();
  CHECK_FALSE(world.site.records.contains(TRIB_RECORD_WEIGHTS));
  CHECK_FALSE(world.site.records.contains(TRIB_RECORD_ROUND));
  CHECK(world.site.records.contains(TRIB_RECORD_COUNTERS));
  CHECK_FALSE(world.site.receipts.contains(2));
  CHECK(contributes(world, 3));
  world.boot();
  CHECK(contributes(world, 4));  // what was carried out is not done again
}

TEST_CASE("decommission erases every record but the settings, says so, and does not come back") {
  Steered world;
  world.site.open_round(1);
  world.boot();
  world.run();
  auto settings = world.next();
  settings.set_decommission(true);
  world.site.settle(settings);
  world.device->run_once();
  world.site.answer();
  CHECK(trib_client_decommissioned(world.device->client));
  CHECK(world.site.states.back().state() == v1::LIFE_DECOMMISSIONED);
  CHECK(world.site.records.size() == 1);
  CHECK(world.site.records.contains(TRIB_RECORD_SETTINGS));
  world.boot();
  CHECK(world.device->started == TRIB_NOT_FOUND);
}

TEST_CASE("a power cut at any write of a decommissioning: the device goes on erasing") {
  for (int cut = 0;; ++cut) {
    CAPTURE(cut);
    REQUIRE(cut < 100);
    Steered world;
    world.site.open_round(1);
    world.boot();
    world.run();
    auto settings = world.next();
    settings.set_decommission(true);
    world.site.settle(settings);
    world.site.cut_at = world.site.actions + cut;
    world.device->run(5000);
    const bool survived = !world.site.dead;
    world.site.dead = false;
    world.site.cut_at.reset();
    world.boot();
    if (world.device->started == TRIB_OK) world.run();
    CHECK(world.site.records.size() == 1);
    CHECK(world.site.records.contains(TRIB_RECORD_SETTINGS));
    if (survived) break;
  }
}

TEST_CASE(
    "a refused write, or a power cut, at any action: settings are the old ones or the new ones") {
  for (const bool cut : {false, true}) {
    for (int at = 0;; ++at) {
      CAPTURE(cut);
      CAPTURE(at);
      REQUIRE(at < 200);
      Steered world;
      world.site.settle(world.next());
      world.boot();
      world.run();
      auto settings = world.next();
      settings.set_pause(true);
      settings.set_forget(1);
      world.site.settle(settings);
      auto& when = cut ? world.site.cut_at : world.site.fail_at;
      when = world.site.actions + at;
      world.run();
      const bool reached = world.site.actions > *when;
      when.reset();
      world.site.dead = false;
      const auto before = world.in_force();
      CHECK((before == 1 || before == 2));
      world.boot();
      world.run();
      CHECK(world.in_force() == 2);
      CHECK_FALSE(contributes(world, 1));
      CHECK(world.site.reports.back().version() == 2);
      if (!reached) break;
    }
  }
}

TEST_CASE("birth, states and last will carry the boot and the session") {
  Steered world;
  world.boot();
  char topic[TRIB_WILL_TOPIC_BYTES];
  unsigned char bytes[TRIB_WILL_BYTES];
  std::size_t size = 0;
  REQUIRE(trib_client_will(world.device->client, topic, bytes, &size) == TRIB_OK);
  CHECK(std::string(topic) == "tributary/v1/device/" + world.site.device.hex() + "/up/state");
  v1::DeviceState will;
  REQUIRE(will.ParseFromArray(bytes, static_cast<int>(size)));
  trib_client_connected(world.device->client);
  world.run();
  REQUIRE(world.site.states.size() >= 2);
  CHECK(world.site.states.front().state() == v1::LIFE_INIT);
  const auto& ready = world.site.states.back();
  CHECK(ready.state() == v1::LIFE_READY);
  CHECK(will.state() == v1::LIFE_LOST);
  CHECK(will.boot_id() == ready.boot_id());
  CHECK(will.session() == ready.session());
  REQUIRE(trib_client_leaving(world.device->client, true) == TRIB_OK);
  world.site.answer();
  CHECK(world.site.states.back().state() == v1::LIFE_SLEEPING);
  const auto boot = ready.boot_id();
  world.boot();
  world.run();
  CHECK(world.site.states.back().boot_id() != boot);
}

TEST_CASE("storage that fails is an alert, until it works again") {
  Steered world;
  world.site.open_round(1);
  world.boot();
  for (int i = 0; i < 200 && trib_client_phase(world.device->client) != TRIB_PHASE_TRAINING; ++i)
    world.device->run_once();
  bool alerted = false;
  for (int i = 0; i < 20 && !alerted; ++i) {
    world.site.fail_at = world.site.actions;
    world.device->run_once();
    world.site.answer();
    for (const auto& state : world.site.states) alerted |= state.state() == v1::LIFE_ALERT;
  }
  CHECK(alerted);
  world.site.fail_at.reset();
  world.run();
  CHECK(world.site.states.back().state() == v1::LIFE_READY);
}

TEST_CASE("a device without steering runs by its rounds alone") {
  Site site;
  v1::Settings settings;
  settings.set_version(1);
  settings.set_pause(true);
  site.settle(settings);
  site.open_round(1);
  Device device(site);
  device.run(5000);
  CHECK(site.receipts.contains(1));
  CHECK(site.states.empty());
  std::size_t size = 1;
  char topic[TRIB_WILL_TOPIC_BYTES];
  unsigned char bytes[TRIB_WILL_BYTES];
  CHECK(trib_client_will(device.client, topic, bytes, &size) == TRIB_OK);
  CHECK(size == 0);
}
