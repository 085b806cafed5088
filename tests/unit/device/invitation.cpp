// PROTOCOL.md 13 on the device: it takes part in an invited round when it is invited, and says when to wake it.
#include <doctest/doctest.h>
#include <sodium.h>

#include "crypto/hash.hpp"
#include "tests/unit/device/site.hpp"

using namespace device_test;
using tributary::view_of;

namespace {

struct Invited {
  Invited() {
    REQUIRE(sodium_init() >= 0);
    site.steered = true;
  }
  void boot() { device.emplace(site); }
  void run() { device->run(5000); }
  v1::RoundContext context(std::uint64_t round) const {
    auto terms = site.context(round);
    terms.set_minimum_reader_version(5);
    terms.set_invited(true);
    return terms;
  }
  void open(std::uint64_t round) { site.open_round(context(round)); }
  v1::Invitation next() {
    v1::Invitation invitation;
    invitation.set_sequence(++sequence);
    invitation.set_issued_at(1800000000);
    return invitation;
  }
  v1::Invitation to(std::uint64_t round) {
    auto invitation = next();
    const auto bytes = context(round).SerializeAsString();
    invitation.set_ctx_hash(tributary::crypto::hash("ctx", {view_of(bytes)}).raw());
    return invitation;
  }
  std::uint32_t sleep() const { return trib_client_sleep_seconds(device->client); }

  Site site;
  std::uint64_t sequence = 0;
  std::optional<Device> device;
};

}  // namespace

TEST_CASE(
    "an invited round is for those with an invitation, whichever of offer and invitation comes "
    "first") {
  for (const bool invitation_first : {false, true}) {
    CAPTURE(invitation_first);
    Invited world;
    world.boot();
    world.run();
    if (invitation_first) world.site.invite(world.to(1));
    world.open(1);
    world.run();
    CHECK(world.site.receipts.contains(1) == invitation_first);
    if (!invitation_first) world.site.invite(world.to(1));
    world.run();
    CHECK(world.site.receipts.contains(1));
  }
}

TEST_CASE(
    "no invitation, one for another round or device, of another key, or cut short: not taken "
    "part") {
  const auto stranger = tributary::crypto::SigningKey::random();
  struct Row {
    const char* name;
    void (*invite)(Invited&, const tributary::crypto::SigningKey&);
    trib_status said;
  };
  const Row rows[] = {
      {"none", [](Invited&, const auto&) {}, TRIB_HELD_BACK},
      {"another round", [](Invited& w, const auto&) { w.site.invite(w.to(2)); }, TRIB_HELD_BACK},
      {"not chosen", [](Invited& w, const auto&) { w.site.invite(w.next()); }, TRIB_HELD_BACK},
      {"another device",
       [](Invited& w, const auto&) {
         auto invitation = w.to(1);
         invitation.set_device_id(std::string(16, 'x'));
         w.site.invite(invitation);
       },
       TRIB_BAD_CONTEXT},
      {"another signer", [](Invited& w, const auto& key) { w.site.invite(w.to(1), &key); },
       TRIB_BAD_SIGNATURE},
      {"short hash",
       [](Invited& w, const auto&) {
         auto invitation = w.to(1);
         invitation.mutable_ctx_hash()->pop_back();
         w.site.invite(invitation);
       },
       TRIB_MALFORMED},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Invited world;
    world.boot();
    world.run();
    row.invite(world, stranger);
    world.open(1);
    world.run();
    CHECK(world.site.contributions.empty());
    CHECK(world.device->said.contains(row.said));
    CHECK(world.device->said.contains(TRIB_HELD_BACK));
  }
}

TEST_CASE("attack: an older invitation again does not replace a newer one") {
  Invited world;
  world.boot();
  world.run();
  const auto old = world.to(1);
  world.site.invite(world.next());
  world.run();
  world.site.invite(old);
  world.open(1);
  world.run();
  CHECK(world.device->said.contains(TRIB_STALE));
  CHECK(world.site.contributions.empty());
}

TEST_CASE("attack: an invitation opens nothing that floors, versions or modes keep shut") {
  const auto refused = [](void (*spoil)(v1::RoundContext&)) {
    Invited world;
    world.boot();
    world.run();
    auto terms = world.context(1);
    spoil(terms);
    const auto bytes = terms.SerializeAsString();
    auto invitation = world.next();
    invitation.set_ctx_hash(tributary::crypto::hash("ctx", {view_of(bytes)}).raw());
    world.site.invite(invitation);
    world.site.open_round(terms);
    world.run();
    return world.site.contributions.empty();
  };
  CHECK_FALSE(refused([](v1::RoundContext&) {}));
  CHECK(refused([](v1::RoundContext& c) { c.set_n_min(2); }));
  CHECK(refused([](v1::RoundContext& c) { c.set_minimum_reader_version(4); }));
  CHECK(refused([](v1::RoundContext& c) { c.mutable_encoding()->set_clip_l2(51); }));
  CHECK(refused([](v1::RoundContext& c) { c.set_participation_threshold(0); }));
}

TEST_CASE(
    "a device that was off finds its invitation, also when it meets its gateway's key for the "
    "first time") {
  Invited world;
  world.site.invite(world.to(1));
  world.open(1);
  world.boot();
  world.run();
  CHECK(world.site.receipts.contains(1));
  world.site.invite(world.to(2));
  world.open(2);
  world.boot();  // a reset: the invitation is read again
  world.run();
  CHECK(world.site.receipts.contains(2));
}

TEST_CASE(
    "the device says how long to sleep: by its clock, or counted from the arrival, a day at most") {
  for (const bool clock : {true, false}) {
    CAPTURE(clock);
    Invited world;
    if (!clock) world.site.unix_seconds = 0;
    world.boot();
    CHECK(world.sleep() == 0);
    auto invitation = world.next();
    invitation.set_come_back_at(1800000000 + 600);
    world.site.invite(invitation);
    world.run();
    CHECK(world.sleep() == 600);
    if (clock) world.site.unix_seconds += 100;
    world.site.now_ms += 100'000;
    CHECK(world.sleep() == 500);
    if (clock) world.site.unix_seconds += 500;
    world.site.now_ms += 500'000;
    CHECK(world.sleep() == 0);
    invitation = world.next();
    invitation.set_come_back_at(1800000000 + 900'000);
    world.site.invite(invitation);
    world.run();
    CHECK(world.sleep() == 86400);
    world.site.invite(world.next());
    world.run();
    CHECK(world.sleep() == 0);
  }
}

TEST_CASE("nobody sleeps while joining or with a round") {
  Invited world;
  auto invitation = world.to(1);
  invitation.set_come_back_at(1800000000 + 600);
  world.site.invite(invitation);
  world.boot();
  CHECK(world.sleep() == 0);
  world.run();
  CHECK(world.sleep() == 600);
  world.open(1);
  for (int i = 0; i < 200 && !world.site.receipts.contains(1); ++i) {
    if (trib_client_phase(world.device->client) >= TRIB_PHASE_FETCHING) CHECK(world.sleep() == 0);
    world.device->run_once();
  }
  CHECK(world.site.receipts.contains(1));
  world.run();
  CHECK(world.sleep() == 600);
}

TEST_CASE(
    "a device tells how it is: with its birth, and again when battery, link or power have moved "
    "enough") {
  Invited world;
  world.site.steered = true;
  world.site.conditions = {true, true, true, false, 80, 60};
  world.boot();
  world.run();
  REQUIRE(!world.site.states.empty());
  const auto& told = world.site.states.back().conditions();
  CHECK(told.battery() == 81);
  CHECK(told.link() == 61);
  CHECK(told.power() == v1::POWER_BATTERY);
  CHECK(told.examples() > 1);
  CHECK(told.chunk_room() >= 48);
  CHECK(told.contributions_left() == 0);
  const auto after = [&](std::uint32_t battery, bool mains) {
    const auto before = world.site.states.size();
    world.site.conditions.battery = battery;
    world.site.conditions.on_mains = mains;
    world.site.now_ms += 61'000;
    world.run();
    return world.site.states.size() - before;
  };
  CHECK(after(71, false) == 0);
  CHECK(after(70, false) == 1);
  CHECK(after(70, true) == 1);
  CHECK(world.site.states.back().conditions().power() == v1::POWER_MAINS);
  world.site.conditions = {};
  CHECK(after(0, false) == 1);
  CHECK(world.site.states.back().conditions().battery() == 0);
  CHECK(world.site.states.back().conditions().power() == v1::POWER_UNKNOWN);
}

TEST_CASE(
    "property: a power cut at any action of an invited round, and the device takes the next "
    "invitation after the reset") {
  for (int cut = 0;; ++cut) {
    CAPTURE(cut);
    REQUIRE(cut < 200);
    Invited world;
    world.site.invite(world.to(1));
    world.open(1);
    world.site.cut_at = cut;
    world.boot();
    if (world.device->started == TRIB_OK) world.run();
    const bool died = world.site.dead;
    world.site.dead = false;
    world.site.cut_at.reset();
    world.boot();
    REQUIRE(world.device->started == TRIB_OK);
    world.run();
    CHECK(world.site.contributions.count(1) <= 1);
    world.site.invite(world.to(2));
    world.open(2);
    world.run();
    CHECK(world.site.receipts.contains(2));
    if (!died) break;
  }
}
