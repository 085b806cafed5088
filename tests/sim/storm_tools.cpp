// The simulator's own tools: repetition, text of mixes, the list of the past, shrinking.
#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/sim/past.hpp"
#include "tests/sim/shrink.hpp"

using namespace tributary::sim;

TEST_CASE("a storm is repeated exactly") {
  for (std::uint64_t seed = 77; seed < 80; ++seed) {
    const auto first = run(mix_of(seed));
    const auto second = run(mix_of(seed));
    CHECK(first.transcript.size() > 50);
    CHECK(first.transcript == second.transcript);
  }
}

TEST_CASE("a mix and its text say the same") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto text = mix_of(seed).text();
    CHECK(Mix::parse(text).text() == text);
  }
  CHECK(Mix::parse("seed=7 faults=line_cut").faults == std::set<Fault>{Fault::line_cut});
  CHECK_THROWS_AS(Mix::parse("seed=seven"), std::invalid_argument);
  CHECK_THROWS_AS(Mix::parse("sead=7"), std::invalid_argument);
  CHECK_THROWS_AS(Mix::parse("faults=rust"), std::invalid_argument);
}

TEST_CASE("a past failure says why") {
  const auto past = parse_past("# of all\nseed=3 rounds=1 | one word\n");
  REQUIRE(past.size() == 1);
  CHECK(past[0].mix.seed == 3);
  CHECK(past[0].why == "one word");
  CHECK_THROWS_AS(parse_past("seed=3"), std::invalid_argument);
}

TEST_CASE("a planted fault is noticed and shrinks to what it takes") {
  Mix mix = Mix::parse("seed=4 devices=3+2 rounds=9 loss=20 jitter=30 pause=60 outage=200 plant=1");
  for (std::uint8_t i = 0; i < fault_classes; ++i) mix.faults.insert(static_cast<Fault>(i));
  auto course = run(mix);
  REQUIRE_FALSE(course.wrongs.empty());
  const auto shrunk = shrink(mix, std::move(course), run);
  CHECK_FALSE(shrunk.course.wrongs.empty());
  CHECK(shrunk.mix.faults.size() == 1);
  CHECK(shrunk.mix.rounds < 9);
  CHECK(shrunk.mix.weather.loss == 0);
  const auto lines = short_transcript(shrunk.course.transcript);
  CHECK(lines.size() <= 40);
  CHECK(run(Mix::parse(shrunk.mix.text())).wrongs == shrunk.course.wrongs);
  // Without the plant the same mix is well.
  Mix sound = shrunk.mix;
  sound.plant = false;
  CHECK(run(sound).wrongs.empty());
}
