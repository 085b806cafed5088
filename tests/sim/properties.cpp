// Properties of protocol 11 over whole rounds, where a test of one party says less.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cloud/round/context.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/ploy.hpp"

using namespace tributary;
using namespace tributary::sim;
using cloud::store::RoundState;

namespace {

Shape shape_of(std::vector<std::uint32_t> devices, std::uint32_t rounds) {
  Shape shape;
  shape.devices = std::move(devices);
  shape.rounds = rounds;
  shape.deadline_seconds = 15;
  return shape;
}

float first_of(World& world, const Hash& model, std::size_t index) {
  float value = 0;
  std::memcpy(&value, world.store().models.content(model).value().data() + 4 * index, 4);
  return value;
}

}  // namespace

TEST_CASE(
    "property 2: a round whose helper never answered is void for ever, its model may come again") {
  World world(701, shape_of({4, 0}, 1));
  Ploy ploy(world);
  REQUIRE(world.begin());
  // The sum never reaches the coordinator in time; the helper is asked for nothing.
  const auto all_receipts = [&] {
    return std::ranges::all_of(world.nodes,
                               [](const auto& node) { return node->receipts.size() == 1; });
  };
  REQUIRE(world.until(all_receipts));
  const auto first = world.open_context(0);
  world.https.cut.insert(world.gates[0]->keys.id);
  REQUIRE(world.until([&] {
    return world.store().rounds.find({world.task, 1})->state == RoundState::abandoned;
  }));
  world.https.cut.clear();
  REQUIRE_MESSAGE(world.until([&] { return world.finished(); }), world.story());
  const auto rounds = world.store().rounds.of_task(world.task, 0, 10);
  REQUIRE(rounds.back().state == RoundState::released);
  CHECK(rounds.back().model_before == rounds.front().model_before);
  CHECK(rounds.back().survivors == 4);
  for (const auto& node : world.nodes) CHECK(node->contributions.contains(first));
  CHECK(all_wrongs(world).empty());
  // The first round's sum is there now, and its context is honest; the helper has promised.
  Entries entries;
  v1::RoundContext context;
  for (const auto& [key, sum] : world.sums) {
    if (key.first != first) continue;
    context = ploy.context_of(sum);
    for (int i = 0; i < sum.survivors_size(); ++i) {
      entries.push_back({sum.survivors(i),
                         sum.tickets(0).tickets().substr(static_cast<std::size_t>(i) * 16, 16)});
    }
  }
  REQUIRE(entries.size() == 4);
  CHECK(ploy.ask(1, ploy.request(0, 1, ploy.offer(context), entries)).reason() ==
        v1::HELPER_REFUSAL_VOID);
  CHECK(ploy.answers(1, first).empty());
}

TEST_CASE(
    "property 6: a device that loses power at any action contributes once, or not, and never "
    "twice") {
  for (std::uint64_t action = 0; action < 16; ++action) {
    CAPTURE(action);
    World world(702, shape_of({3, 0}, 1));
    REQUIRE(world.begin());
    auto& node = *world.nodes[0];
    node.when(TRIB_PHASE_FETCHING, [&node, action] { node.kill_in(action); });
    world.until([&] { return !node.running(); }, std::chrono::seconds(10));
    world.run(Span(500));
    node.start();
    REQUIRE(world.until([&] { return world.finished(); }));
    CHECK(all_wrongs(world).empty());
  }
}

TEST_CASE(
    "property 10: noise differs between rounds; the sum of the same survivors does not repeat it") {
  Shape shape = shape_of({4, 0}, 2);
  shape.more =
      R"(, "privacy": {"epsilon": 60, "delta": 1e-5, "noise_multiplier": 1, "participations": 8})";
  World world(703, shape);
  REQUIRE(world.begin());
  REQUIRE_MESSAGE(world.until([&] { return world.finished(); }), world.story());
  const auto rounds = world.store().rounds.of_task(world.task, 0, 10);
  REQUIRE(rounds.size() == 2);
  // Every device's one-hot coordinate is the same in both rounds: what differs is noise.
  for (std::size_t i = 0; i < 4; ++i) {
    const float first = first_of(world, *rounds[0].model_after, i);
    const float second = first_of(world, *rounds[1].model_after, i) - first;
    CHECK(first != second);
    CHECK(std::isfinite(second));
  }
}

TEST_CASE("property 16: devices over two gateways or at one: the same weighted average") {
  const auto average_of = [](std::vector<std::uint32_t> devices) {
    World world(704, shape_of(std::move(devices), 1));
    REQUIRE(world.begin());
    REQUIRE(world.until([&] { return world.finished(); }));
    CHECK(all_wrongs(world).empty());
    const auto rounds = world.store().rounds.of_task(world.task, 0, 10);
    std::vector<float> hot;
    for (std::size_t i = 0; i < world.nodes.size(); ++i) {
      hot.push_back(first_of(world, *rounds.at(0).model_after, i));
    }
    return hot;
  };
  const auto flat = average_of({5, 0});
  REQUIRE(flat.size() == 5);
  CHECK(flat[0] != 0);
  const auto split = average_of({3, 2});
  CHECK(split == average_of({2, 3}));
  // Another n_max is another scale, and so another rounding of the same updates.
  for (std::size_t i = 0; i < flat.size(); ++i)
    CHECK(split[i] == doctest::Approx(flat[i]).epsilon(1e-6));
}

TEST_CASE(
    "R1, R3: the gateway dies at every step of a batch, all through a round: receipts are kept") {
  for (int moment = 0; moment < 4; ++moment) {
    for (int delay = 0; delay < 240; delay += 8) {
      CAPTURE(moment);
      CAPTURE(delay);
      World world(705, shape_of({3, 0}, 1));
      REQUIRE(world.begin());
      world.nature.weather.jitter = Span(12);  // devices are not in step
      REQUIRE(world.until([&] { return world.open_context(0) != Hash{}; }));
      world.run(Span(delay));
      world.gates[0]->kill_in_batch(static_cast<Gate::Moment>(moment));
      world.until([&] { return !world.gates[0]->running(); }, std::chrono::seconds(5));
      world.gates[0]->kill();
      world.run(Span(200));
      world.gates[0]->start();
      REQUIRE_MESSAGE(world.until([&] { return world.finished(); }), world.story());
      for (const auto& wrong : all_wrongs(world)) FAIL_CHECK(wrong);
    }
  }
}
