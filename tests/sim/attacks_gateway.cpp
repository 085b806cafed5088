// Protocol 10: a malicious gateway, with a malicious coordinator that signs what it wants. What they cannot get
// is a second mask sum of one scope, or one over fewer than n_min real devices.
#include <doctest/doctest.h>

#include "device-protocol/cpp/context.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/ploy.hpp"

using namespace tributary;
using namespace tributary::sim;

namespace {

constexpr const char* noisy =
    R"(, "privacy": {"epsilon": 50, "delta": 1e-5, "noise_multiplier": 1, "participations": 4})";

// Gateway 1 with four devices, helped by gateway 2; one round, released.
struct Scene {
  explicit Scene(std::uint64_t seed, const std::string& more = "") : world(seed, shape(more)) {
    REQUIRE(world.begin());
    REQUIRE_MESSAGE(world.until([&] { return !world.sums.empty() && world.finished(); }),
                    world.story());
    world.run(Span(5000));
    ctx_hash = *Hash::from(ploy.sum_of(0).ctx_hash());
    REQUIRE(ploy.answers(1, ctx_hash).size() == 1);
  }
  static Shape shape(const std::string& more) {
    Shape shape;
    shape.devices = {4, 0};
    shape.rounds = 1;
    shape.more = more;
    return shape;
  }
  // Nothing more than the one sum is known.
  void check_nothing_learnt() {
    CHECK(ploy.answers(1, ctx_hash).size() == 1);
    CHECK(all_wrongs(world).empty());
  }

  World world;
  Ploy ploy{world};
  Hash ctx_hash;
};

Entries without(Entries entries, std::size_t place) {
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(place));
  return entries;
}

}  // namespace

TEST_CASE("attack: two sum requests whose survivors differ in one device (H6)") {
  Scene scene(201);
  const auto entries = scene.ploy.entries_of(0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(scene.ploy.ask_again(0, 1, without(entries, i)).reason() ==
          v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  }
  scene.check_nothing_learnt();
}

TEST_CASE("attack: a second survivor set after the helper was killed between its answers (H6)") {
  Scene scene(202);
  const auto entries = scene.ploy.entries_of(0);
  scene.world.gates[1]->kill();
  scene.world.gates[1]->start();
  CHECK(scene.ploy.ask_again(0, 1, without(entries, 2)).reason() ==
        v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  CHECK(scene.ploy.ask_again(0, 1, entries).answer.has_value());
  scene.check_nothing_learnt();
}

TEST_CASE("attack: retries to average the noise away get the same bytes (property 1, 10, H8)") {
  Scene scene(203, noisy);
  const auto entries = scene.ploy.entries_of(0);
  for (int i = 0; i < 3; ++i) {
    scene.world.run(std::chrono::minutes(1));
    CHECK(scene.ploy.ask_again(0, 1, entries).answer.has_value());
  }
  CHECK(scene.ploy.answers(1, scene.ctx_hash).size() == 1);
}

TEST_CASE("attack: a new attempt of an answered round: no device takes part (property 2, D2, H4)") {
  Scene scene(204);
  auto context = scene.ploy.context_of(scene.ploy.sum_of(0));
  context.set_attempt(context.attempt() + 1);
  const auto offer = scene.ploy.offer(context);
  const auto reaction =
      scene.ploy.ask(1, scene.ploy.request(0, 1, offer, without(scene.ploy.entries_of(0), 0)));
  // No device made a ticket for it. With tickets, of devices that collude: H6, as for two models in one round.
  CHECK(reaction.reason() == v1::HELPER_REFUSAL_BAD_TICKET);
  // The devices do not take part either.
  v1::Work work;
  *work.add_rounds() = offer;
  scene.ploy.say(0, work);
  scene.world.run(std::chrono::minutes(1));
  for (const auto& node : scene.world.nodes) {
    CHECK(node->contributions.size() == 1);
    CHECK(node->said.contains(TRIB_STALE));
  }
  CHECK(scene.ploy.answers(1, scene.ctx_hash).size() == 1);
  CHECK(scene.ploy.answers(1, wire::ctx_hash(offer.context())).empty());
}

TEST_CASE("attack: tickets of an earlier round in a later one (H4)") {
  Scene scene(205);
  auto context = scene.ploy.context_of(scene.ploy.sum_of(0));
  context.set_round(context.round() + 1);
  const auto reaction = scene.ploy.ask(
      1, scene.ploy.request(0, 1, scene.ploy.offer(context), scene.ploy.entries_of(0)));
  CHECK(reaction.reason() == v1::HELPER_REFUSAL_BAD_TICKET);
  CHECK(reaction.refusal->device_ids_size() == 4);
  CHECK(scene.ploy.answers(1, wire::ctx_hash(context.SerializeAsString())).empty());
}

TEST_CASE("attack: duplicate, unsorted and foreign devices in a sum request (property 4, H2, H3)") {
  Scene scene(206);
  auto context = scene.ploy.context_of(scene.ploy.sum_of(0));
  context.set_round(context.round() + 1);
  const auto offer = scene.ploy.offer(context);
  auto entries = scene.ploy.entries_of(0);
  SUBCASE("one twice") {
    entries[1] = entries[0];
  }
  SUBCASE("unsorted") {
    std::swap(entries[0], entries[1]);
  }
  SUBCASE("a foreign one") {
    entries[3].survivor.set_device_id(std::string(16, '\xee'));
  }
  const auto expected = entries[3].survivor.device_id() == std::string(16, '\xee')
                            ? v1::HELPER_REFUSAL_BAD_DEVICE
                            : v1::HELPER_REFUSAL_BAD_REQUEST;
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, offer, entries)).reason() == expected);
}

TEST_CASE("attack: devices invented by whoever is not the fleet authority fill the sum (H3)") {
  Scene scene(207);
  const Authority pretended;
  auto entries = without(without(without(scene.ploy.entries_of(0), 3), 2), 1);
  v1::Roster roster;
  roster.ParseFromString(scene.world.gates[0]->site().roster()->content);
  for (std::uint8_t i = 1; i <= 3; ++i) {
    DeviceKeys invented{{}, scene.world.gates[0]->keys.id};
    invented.id.bytes.fill(0xe0 + i);
    *roster.add_devices() = pretended.certified(invented, crypto::ExchangeSecret::random());
    entries.push_back(entries.front());
    entries.back().survivor.set_device_id(invented.id.raw());
  }
  const auto bytes = roster.SerializeAsString();
  const Hash hash = crypto::hash("roster", {view_of(bytes)});
  scene.ploy.serve(hash, bytes);
  auto context = scene.ploy.context_of(scene.ploy.sum_of(0));
  context.set_round(context.round() + 1);
  context.set_roster_hash(hash.raw());
  const auto reaction =
      scene.ploy.ask(1, scene.ploy.request(0, 1, scene.ploy.offer(context), entries));
  CHECK(reaction.reason() == v1::HELPER_REFUSAL_BAD_DEVICE);
  CHECK(reaction.refusal->device_ids_size() == 3);
}

TEST_CASE("attack: an aggregate of one (property 5, n_min at the helper)") {
  Scene scene(208);
  auto context = scene.ploy.context_of(scene.ploy.sum_of(0));
  context.set_round(context.round() + 1);
  const Entries one{scene.ploy.entries_of(0)[0]};
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, scene.ploy.offer(context), one)).reason() ==
        v1::HELPER_REFUSAL_BAD_REQUEST);
  context.set_n_min(1);
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, scene.ploy.offer(context), one)).reason() ==
        v1::HELPER_REFUSAL_BAD_CONTEXT);
  scene.check_nothing_learnt();
}
