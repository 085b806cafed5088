#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "gateway/scheduling/deadline.hpp"
#include "tests/unit/scheduling/samples.hpp"

using namespace scheduling_test;

TEST_CASE("each thing that keeps a device out has its reason, and its opposite lets it in") {
  struct Row {
    Reason reason;
    void (*spoil)(Record&);
  };
  const Row rows[] = {
      {Reason::gone, [](Record& r) { r.presence = Presence::gone; }},
      {Reason::gone,
       [](Record& r) {
         r.presence = Presence::asleep;
         r.wake_at = noon - Span(61);
       }},
      {Reason::held_back, [](Record& r) { r.held_back = true; }},
      {Reason::battery, [](Record& r) { r.conditions.battery = 29; }},
      {Reason::link, [](Record& r) { r.conditions.link = 19; }},
      {Reason::no_data, [](Record& r) { r.conditions.examples = 0; }},
      {Reason::no_room, [](Record& r) { r.conditions.room = 4095; }},
      {Reason::cap_reached, [](Record& r) { r.conditions.contributions_left = 0; }},
      {Reason::resting,
       [](Record& r) {
         note_miss(r, noon - Span(10), Span(600));
         note_miss(r, noon - Span(5), Span(600));
       }},
      {Reason::asleep,
       [](Record& r) {
         r.presence = Presence::asleep;
         r.wake_at = noon + Span(3600);
       }},
      {Reason::too_slow, [](Record& r) { r.seconds.take(3601); }},
  };
  Requirements needs = hour;
  needs.chunk_bytes = 4096;
  CHECK(eligible(well(), needs, noon) == Reason::passed_over);
  for (const auto& row : rows) {
    Record record = well();
    row.spoil(record);
    CAPTURE(name_of(row.reason));
    CHECK(eligible(record, needs, noon) == row.reason);
  }
}

TEST_CASE(
    "what just suffices suffices: mains with a flat battery, a nap, one failure, the last "
    "contribution") {
  Requirements needs = hour;
  needs.chunk_bytes = 4096;
  Record record = well();
  record.conditions = {5, 20, Power::mains, 1, 4096, 1};
  CHECK(eligible(record, needs, noon) == Reason::passed_over);
  record.presence = Presence::asleep;
  record.wake_at = noon + Span(3000);
  record.seconds.take(600);
  CHECK(eligible(record, needs, noon) == Reason::passed_over);
  record.wake_at = noon + Span(3001);
  CHECK(eligible(record, needs, noon) == Reason::asleep);
  record = well();
  note_miss(record, noon, Span(600));
  CHECK(eligible(record, needs, noon) == Reason::passed_over);
  CHECK(eligible(Record{}, needs, noon) ==
        Reason::passed_over);  // tells nothing: nothing against it
}

TEST_CASE("failures in a row double the rest up to 16 rounds, time and success forget them") {
  Record record = well();
  const Span round(600);
  Time now = noon;
  std::vector<std::int64_t> rests;
  for (int i = 0; i < 8; ++i) {
    note_miss(record, now, round);
    rests.push_back((rested_at(record, round) - now) / round);
    now += Span(1);
  }
  CHECK(rests == std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 16, 16});
  Record patient = record;
  note_miss(patient, now + 200 * round, round);
  CHECK(rested_at(patient, round) == now + 200 * round);
  for (int i = 0; i < 8; ++i) note_contribution(record, Span(5));
  note_miss(record, now, round);
  CHECK(rested_at(record, round) == now);
}

TEST_CASE("property: reliability stays between 0 and 1 and follows what happened") {
  CHECK(rc::check([](const std::vector<bool>& history) {
    Record record;
    CHECK(reliability(record) == doctest::Approx(0.9));
    for (const bool good : history) {
      const double before = reliability(record);
      if (good) {
        note_contribution(record, Span(10));
      } else {
        note_miss(record, noon, Span(600));
      }
      const double after = reliability(record);
      RC_ASSERT(after > 0);
      RC_ASSERT(after < 1);
      if (!good) RC_ASSERT(after < before);
    }
  }));
  Record bad;
  for (int i = 0; i < 50; ++i) note_miss(bad, noon, Span(600));
  CHECK(reliability(bad) == doctest::Approx(3.6 / 9));
}

TEST_CASE("property: a running mean lies between its values, and equal values have no deviation") {
  CHECK(rc::check([](const std::vector<std::uint16_t>& values) {
    RC_PRE(!values.empty());
    Running running;
    for (const auto value : values) running.take(value);
    const auto [low, high] = std::ranges::minmax(values);
    RC_ASSERT(running.mean >= low - 1e-6);
    RC_ASSERT(running.mean <= high + 1e-6);
    RC_ASSERT(running.square_deviation >= 0);
  }));
  Running same;
  for (int i = 0; i < 20; ++i) same.take(7);
  CHECK(same.mean == doctest::Approx(7));
  CHECK(same.deviation() == doctest::Approx(0));
  Running alternating;
  for (int i = 0; i < 40; ++i) alternating.take(i % 2 == 0 ? 5 : 15);
  CHECK(alternating.deviation() == doctest::Approx(5).epsilon(0.05));
}

TEST_CASE("the wait covers the slowest of the chosen and a sleeper, within the round's own end") {
  Record quick = well();
  Record slow = well();
  for (int i = 0; i < 5; ++i) quick.seconds.take(20);
  for (int i = 0; i < 5; ++i) slow.seconds.take(100);
  const Record both[] = {quick, slow};
  CHECK(wait_for(both, hour.closes_at, noon) == Span(125));
  const Record fast[] = {quick};
  CHECK(wait_for(fast, hour.closes_at, noon) == Span(25));
  CHECK(wait_for(both, noon + Span(60), noon) == Span(60));
  slow.presence = Presence::asleep;
  slow.wake_at = noon + Span(300);
  const Record sleeping[] = {quick, slow};
  CHECK(wait_for(sleeping, hour.closes_at, noon) == Span(425));
  const Record strangers[] = {quick, well(), quick};
  CHECK(wait_for(strangers, hour.closes_at, noon) == Span(3600));
  quick.seconds = {};
  for (int i = 0; i < 5; ++i) quick.seconds.take(1);
  const Record instant[] = {quick};
  CHECK(wait_for(instant, hour.closes_at, noon) == shortest_wait);
}
