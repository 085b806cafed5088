// Protocol 10: a malicious or rolled back helper.
#include <doctest/doctest.h>

#include "tests/sim/oracle.hpp"
#include "tests/sim/puppet_helper.hpp"

using namespace tributary;
using namespace tributary::sim;
using cloud::store::RoundState;

namespace {

Shape four_devices(std::uint32_t rounds = 1) {
  Shape shape;
  shape.devices = {4, 0};
  shape.rounds = rounds;
  shape.deadline_seconds = 20;
  return shape;
}

// A round of gateway 1 whose helper is the puppet, until the sum is there.
struct Scene {
  explicit Scene(std::uint64_t seed) : world(seed, four_devices()) {
    REQUIRE(world.join());
    puppet.emplace(world);
    world.make_task();
    REQUIRE_MESSAGE(world.until([&] { return !world.sums.empty(); }), world.story());
    world.run(Span(1000));
  }
  cloud::store::RoundRow ended() {
    REQUIRE(world.until([&] { return round().state != RoundState::open; }));
    return round();
  }
  cloud::store::RoundRow round() { return *world.store().rounds.find({world.task, 1}); }

  World world;
  Ploy ploy{world};
  std::optional<PuppetHelper> puppet;
};

}  // namespace

TEST_CASE("a helper that is played by hand and tells the truth removes the masks") {
  Scene scene(501);
  CHECK(scene.puppet->answer(scene.ploy, scene.puppet->true_masks(scene.ploy)) == 200);
  CHECK(scene.ended().state == RoundState::released);
  CHECK(wrong_sums(scene.world).empty());
}

TEST_CASE("attack: a helper's mask sum is garbage: the canaries burn the round (property 15, C2)") {
  Scene scene(502);
  auto masks = scene.puppet->true_masks(scene.ploy);
  for (auto& byte : masks) byte ^= 0x5a;
  CHECK(scene.puppet->answer(scene.ploy, masks) == 200);
  const auto round = scene.ended();
  CHECK(round.state == RoundState::abandoned);
  CHECK_FALSE(round.model_after.has_value());
}

TEST_CASE("a helper that shifts one model word is not seen: canaries catch accidents, not malice") {
  Scene scene(503);
  auto masks = scene.puppet->true_masks(scene.ploy);
  masks[0] ^= 1;
  CHECK(scene.puppet->answer(scene.ploy, masks) == 200);
  CHECK(scene.ended().state == RoundState::released);
  CHECK(wrong_sums(scene.world).size() == 1);
}

TEST_CASE("attack: a helper takes its answer back and gives another (C1, H6)") {
  Scene scene(504);
  auto masks = scene.puppet->true_masks(scene.ploy);
  REQUIRE(scene.puppet->answer(scene.ploy, masks) == 200);
  masks[0] ^= 1;
  CHECK(scene.puppet->answer(scene.ploy, masks) == 409);
  CHECK(scene.ended().state == RoundState::released);
  CHECK(wrong_sums(scene.world).empty());
}

TEST_CASE("attack: a helper restored from a snapshot that forgot its answer (property 9, H10)") {
  World world(505, four_devices());
  Ploy ploy(world);
  REQUIRE(world.begin());
  auto& helper = *world.gates[1];
  const auto state = helper.folder() / "state" / "helper";
  const auto snapshot = helper.folder() / "snapshot";
  // As a backup does: while nothing is written, before the round is answered.
  helper.kill();
  std::filesystem::copy(state, snapshot);
  helper.start();
  REQUIRE(world.until([&] { return world.finished(); }));
  const auto ctx_hash = *Hash::from(ploy.sum_of(0).ctx_hash());
  REQUIRE(ploy.answers(1, ctx_hash).size() == 1);
  helper.kill();
  std::filesystem::remove_all(state);
  std::filesystem::copy(snapshot, state);
  std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  helper.start();
  auto entries = ploy.entries_of(0);
  entries.pop_back();
  CHECK(ploy.ask_again(0, 1, entries).reason() == v1::HELPER_REFUSAL_EPOCH);
  CHECK(ploy.ask_again(0, 1, ploy.entries_of(0)).reason() == v1::HELPER_REFUSAL_EPOCH);
  CHECK(ploy.answers(1, ctx_hash).size() == 1);
  CHECK(all_wrongs(world).empty());
}

TEST_CASE("attack: the helper is killed around its answer at every event (property 1)") {
  for (int delay = 0; delay < 40; delay += 3) {
    CAPTURE(delay);
    World world(506, four_devices());
    Ploy ploy(world);
    REQUIRE(world.begin());
    REQUIRE(world.until([&] { return !world.sums.empty(); }));
    world.run(Span(delay));
    world.gates[1]->kill();
    world.run(Span(300));
    world.gates[1]->start();
    REQUIRE(world.until([&] { return world.finished(); }));
    CHECK(ploy.answers(1, *Hash::from(ploy.sum_of(0).ctx_hash())).size() == 1);
    CHECK(world.store().rounds.of_task(world.task, 0, 10).size() == 1);
    CHECK(all_wrongs(world).empty());
  }
}
