// Protocol 10: a malicious coordinator, whose signature everybody believes.
#include <doctest/doctest.h>

#include "device-protocol/cpp/context.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/ploy.hpp"

using namespace tributary;
using namespace tributary::sim;

namespace {

struct Scene {
  explicit Scene(std::uint64_t seed, std::vector<std::uint32_t> devices = {4, 0})
      : world(seed, shape(std::move(devices))) {
    REQUIRE(world.begin());
    REQUIRE_MESSAGE(world.until([&] { return world.finished(); }), world.story());
  }
  static Shape shape(std::vector<std::uint32_t> devices) {
    Shape shape;
    shape.devices = std::move(devices);
    shape.rounds = 1;
    return shape;
  }
  // The newest context, as another round.
  v1::RoundContext next_round() {
    auto context = ploy.context_of(ploy.sum_of(0));
    context.set_round(context.round() + 1);
    const auto now = std::chrono::floor<std::chrono::seconds>(world.nature.wall());
    const auto seconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
    context.set_not_before(seconds);
    context.set_deadline(seconds + 60);
    return context;
  }
  // Makes `parameters` floats of this value the model of the context.
  void give_model(v1::RoundContext& context, float value) {
    const std::vector<float> weights(context.parameters(), value);
    const std::string bytes(reinterpret_cast<const char*>(weights.data()), 4 * weights.size());
    const Hash hash = crypto::hash("model", {view_of(bytes)});
    context.set_model_hash(hash.raw());
    ploy.serve(hash, bytes);
  }
  // Gateway 1 is told to run it.
  void offer(const v1::RoundContext& context) {
    v1::Work work;
    *work.add_rounds() = ploy.offer(context);
    ploy.say(0, work);
    world.run(std::chrono::seconds(50));
  }
  bool anybody_contributed(const v1::RoundContext& context) {
    const Hash hash = wire::ctx_hash(context.SerializeAsString());
    for (const auto& node : world.nodes) {
      if (node->contributions.contains(hash)) return true;
    }
    return false;
  }
  bool all_said(trib_status status) {
    for (const auto* node : world.nodes_of(0)) {
      if (!node->said.contains(status)) return false;
    }
    return true;
  }

  World world;
  Ploy ploy{world};
};

}  // namespace

TEST_CASE("what the attacks below change is all that stops them: an honest further round runs") {
  Scene scene(300);
  auto context = scene.next_round();
  scene.give_model(context, 0.5F);
  scene.offer(context);
  CHECK(scene.anybody_contributed(context));
}

TEST_CASE("attack: the same model in a further round without the VOIDs (D3)") {
  Scene scene(301);
  const auto context = scene.next_round();
  scene.offer(context);
  CHECK_FALSE(scene.anybody_contributed(context));
  CHECK(scene.all_said(TRIB_STALE));
}

TEST_CASE("attack: n_min below what the devices were provisioned with (D4)") {
  Scene scene(302);
  auto context = scene.next_round();
  scene.give_model(context, 0.5F);
  context.set_n_min(1);
  scene.offer(context);
  CHECK_FALSE(scene.anybody_contributed(context));
  CHECK(scene.all_said(TRIB_BAD_CONTEXT));
}

TEST_CASE(
    "attack: the helper is told other terms than the devices (equivocation, property 3, H4)") {
  Scene scene(303);
  auto context = scene.next_round();
  scene.give_model(context, 0.5F);
  scene.offer(context);
  REQUIRE(scene.world.until([&] {
    return scene.ploy.sum_of(0).ctx_hash() == wire::ctx_hash(context.SerializeAsString()).raw();
  }));
  const auto entries = scene.ploy.entries_of(0);
  auto other = context;
  SUBCASE("another roster threshold") {
    other.set_participation_threshold(other.participation_threshold() - 1);
  }
  SUBCASE("another model") {
    (*other.mutable_model_hash())[0] ^= 1;
  }
  SUBCASE("another attempt") {
    other.set_attempt(1);
  }
  SUBCASE("another deadline") {
    other.set_deadline(other.deadline() + 1);
  }
  SUBCASE("another combiner") {
    other.set_combiner_key(crypto::exchange_key(crypto::ExchangeSecret::random()).raw());
  }
  const auto reaction =
      scene.ploy.ask(1, scene.ploy.request(0, 1, scene.ploy.offer(other), entries));
  CHECK(reaction.reason() == v1::HELPER_REFUSAL_BAD_TICKET);
  CHECK(reaction.refusal->device_ids_size() == 4);
  // The honest request is still answered: nothing was spent.
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, scene.ploy.offer(context), entries))
            .answer.has_value());
}

TEST_CASE("attack: any single bit of a signed context changed: devices refuse it (property 3)") {
  Scene scene(304);
  auto context = scene.next_round();
  scene.give_model(context, 0.5F);
  const auto honest = scene.ploy.offer(context);
  for (std::size_t bit = 0; bit < 8 * honest.context().size(); bit += 37) {
    auto offer = honest;
    (*offer.mutable_context())[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    scene.world.brokers[0]->inject("tributary/v1/site/offer/" + scene.world.task.hex(),
                                   offer.SerializeAsString());
  }
  scene.world.run(std::chrono::seconds(10));
  for (const auto& node : scene.world.nodes) {
    CHECK(node->said.count(TRIB_BAD_SIGNATURE) == (8 * honest.context().size() + 36) / 37);
    CHECK(node->contributions.size() == 1);
  }
}

TEST_CASE("attack: another gateway's round is offered to the devices") {
  Scene scene(305, {3, 3});
  auto context = scene.ploy.context_of(scene.ploy.sum_of(1));
  context.set_round(context.round() + 1);
  scene.world.brokers[0]->inject("tributary/v1/site/offer/" + scene.world.task.hex(),
                                 scene.ploy.offer(context).SerializeAsString());
  scene.world.run(std::chrono::seconds(10));
  CHECK_FALSE(scene.anybody_contributed(context));
  CHECK(scene.all_said(TRIB_BAD_CONTEXT));
}

TEST_CASE("attack: two models in one round, half of the devices each (property 8, H4, H6)") {
  Scene scene(306);
  auto first = scene.next_round();
  scene.give_model(first, 0.5F);
  auto second = first;
  second.set_attempt(1);
  scene.give_model(second, 0.25F);
  const auto offers = std::array{scene.ploy.offer(first), scene.ploy.offer(second)};
  // The gateway, which runs the broker, shows each half its own offer.
  scene.world.brokers[0]->on_delivery = [&](const std::string& user, const std::string& topic,
                                            std::string& payload) {
    if (!topic.starts_with("tributary/v1/site/offer/") || user == "gateway") return true;
    v1::Offer shown;
    if (!shown.ParseFromString(payload) || payload.empty()) return true;
    const std::size_t half = user <= scene.world.nodes[1]->user() ? 0 : 1;
    auto own = offers[half];
    own.set_model_chunk_bytes(shown.model_chunk_bytes());
    payload = own.SerializeAsString();
    return true;
  };
  v1::Work work;
  for (const auto& offer : offers) *work.add_rounds() = offer;
  scene.ploy.say(0, work);
  const auto hashes =
      std::array{wire::ctx_hash(offers[0].context()), wire::ctx_hash(offers[1].context())};
  std::array<Entries, 2> halves;
  REQUIRE_MESSAGE(scene.world.until([&] {
    for (std::size_t i = 0; i < 2; ++i) {
      const bool is_this = scene.ploy.sum_of(0).ctx_hash() == hashes[i].raw();
      if (is_this) halves[i] = scene.ploy.entries_of(0);
    }
    return !halves[0].empty() && !halves[1].empty();
  }),
                  scene.world.story());
  CHECK(halves[0].size() == 2);
  CHECK(halves[1].size() == 2);
  // All in one sum: the tickets of the other half do not verify.
  Entries all = halves[0];
  all.insert(all.end(), halves[1].begin(), halves[1].end());
  const auto mixed = scene.ploy.ask(1, scene.ploy.request(0, 1, offers[0], all));
  CHECK(mixed.reason() == v1::HELPER_REFUSAL_BAD_TICKET);
  CHECK(mixed.refusal->device_ids_size() == 2);
  // One half is answered, and then nobody of this round any more.
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, offers[0], halves[0])).answer.has_value());
  CHECK(scene.ploy.ask(1, scene.ploy.request(0, 1, offers[1], halves[1])).reason() ==
        v1::HELPER_REFUSAL_ALREADY_ANSWERED);
}
