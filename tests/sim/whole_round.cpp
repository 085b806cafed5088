#include <doctest/doctest.h>

#include "tests/sim/oracle.hpp"

using namespace tributary;
using namespace tributary::sim;

namespace {

std::string joined(const Wrongs& wrongs) {
  std::string text;
  for (const auto& wrong : wrongs) text += wrong + "\n";
  return text;
}

}  // namespace

TEST_CASE("two gateways that help each other and their devices finish a task, exactly") {
  World world(1);
  REQUIRE(world.begin());
  CHECK_MESSAGE(world.until([&] { return world.finished(); }), world.story());
  const auto rounds = world.store().rounds.of_task(world.task, 0, 10);
  REQUIRE_MESSAGE(rounds.size() == 2, world.story());
  for (const auto& round : rounds) {
    CHECK(round.state == cloud::store::RoundState::released);
    CHECK(round.survivors == 6);
  }
  CHECK(joined(all_wrongs(world)) == "");
  for (const auto& node : world.nodes) CHECK(node->receipts.size() == 2);
}

TEST_CASE("the same seed gives the same transcript, another seed another one") {
  const auto transcript_of = [](std::uint64_t seed) {
    World world(seed);
    REQUIRE(world.begin());
    world.until([&] { return world.finished(); });
    return world.nature.transcript;
  };
  const auto first = transcript_of(5);
  CHECK(first == transcript_of(5));
  CHECK(first != transcript_of(6));
}
