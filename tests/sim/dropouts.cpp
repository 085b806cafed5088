// R21 and property 7: devices drop out at every phase of a round, in every combination.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/sim/oracle.hpp"

using namespace tributary;
using namespace tributary::sim;
using cloud::store::RoundState;

namespace {

// The last thing a device does in the round.
enum class Drop { stays, fetching, training, requesting, uploading, header_lost, header_sent };
constexpr int drops = 7;

constexpr Span after_header{6};  // the header has arrived, nothing has been answered

void arm(World& world, Node& node, Drop drop) {
  const auto die_in = [&world, &node](trib_phase phase, Span delay) {
    node.when(phase, [&world, &node, delay] {
      world.nature.timeline.after(delay, [&node] { node.kill(); });
    });
  };
  switch (drop) {
    case Drop::stays:
      return;
    case Drop::fetching:
      return die_in(TRIB_PHASE_FETCHING, Span(0));
    case Drop::training:
      return die_in(TRIB_PHASE_TRAINING, Span(0));
    case Drop::requesting:
      return die_in(TRIB_PHASE_REQUESTING, Span(0));
    case Drop::uploading:
      return die_in(TRIB_PHASE_UPLOADING, Span(0));
    case Drop::header_lost:
      return die_in(TRIB_PHASE_COMMITTING, Span(0));  // and play() swallows the header
    case Drop::header_sent:
      return die_in(TRIB_PHASE_COMMITTING, after_header);
  }
}

std::string words_of(const std::vector<Drop>& plan) {
  std::string text = "drops:";
  for (const auto drop : plan) text += " " + std::to_string(static_cast<int>(drop));
  return text;
}

bool in_the_sum(Drop drop) {
  return drop == Drop::stays || drop == Drop::header_sent;
}

// Which devices have contributed, by place.
std::set<std::uint32_t> contributors(const std::vector<Drop>& plan) {
  std::set<std::uint32_t> places;
  for (std::uint32_t i = 0; i < plan.size(); ++i) {
    if (in_the_sum(plan[i])) places.insert(i);
  }
  return places;
}

void play(const std::vector<Drop>& plan) {
  constexpr std::uint32_t n_min = 2;
  Shape shape;
  shape.devices = {static_cast<std::uint32_t>(plan.size()), 0};
  shape.n_min = n_min;
  shape.rounds = 1;
  shape.deadline_seconds = 10;
  shape.more = R"(, "quorum": 0.1)";  // n_min decides
  World world(99, shape);
  bool revealed = false;
  const auto witness = world.https.witness;
  world.https.witness = [&](const GatewayId& gateway, const Https::Request& request) {
    witness(gateway, request);
    revealed = revealed || request.target.ends_with("/mask-sum");
  };
  REQUIRE(world.begin());
  world.brokers[0]->tap = [&](const std::string& user, const std::string& topic, std::string&) {
    if (!topic.ends_with("/up/header")) return true;
    const auto sender =
        std::ranges::find(world.nodes, user, [](const auto& node) { return node->user(); });
    return plan[static_cast<std::size_t>(sender - world.nodes.begin())] != Drop::header_lost;
  };
  for (std::size_t i = 0; i < plan.size(); ++i) arm(world, *world.nodes[i], plan[i]);
  const cloud::store::RoundKey key{world.task, 1};
  const auto over = [&] {
    const auto round = world.store().rounds.find(key);
    return round && round->state != RoundState::open;
  };
  REQUIRE_MESSAGE(world.until(over, std::chrono::minutes(2)), words_of(plan) << world.story());
  const auto round = *world.store().rounds.find(key);
  const auto expected = contributors(plan);
  const bool enough = expected.size() >= n_min;
  CHECK_MESSAGE((round.state == RoundState::released) == enough, words_of(plan));
  CHECK_MESSAGE(revealed == enough, words_of(plan));
  if (enough && round.model_after) {
    CHECK_MESSAGE(one_hot(world, round.model_before, *round.model_after) == expected,
                  words_of(plan));
  }
  for (const auto& wrong : all_wrongs(world)) FAIL_CHECK(words_of(plan) << ": " << wrong);
}

// Devices are alike: combinations in ascending order are all there are.
void play_all(std::vector<Drop>& plan, std::size_t place, int least) {
  if (place == plan.size()) return play(plan);
  for (int drop = least; drop < drops; ++drop) {
    plan[place] = static_cast<Drop>(drop);
    play_all(plan, place + 1, drop);
  }
}

}  // namespace

TEST_CASE("property 7, R21: 3 devices drop out at every phase: the exact sum, or nothing") {
  std::vector<Drop> plan(3);
  play_all(plan, 0, 0);
}

TEST_CASE("property 7, R21: 4 devices drop out at every phase: the exact sum, or nothing") {
  std::vector<Drop> plan(4);
  play_all(plan, 0, 0);
}

TEST_CASE("property 7, R21: 5 devices drop out at every phase: the exact sum, or nothing") {
  std::vector<Drop> plan(5);
  play_all(plan, 0, 0);
}
