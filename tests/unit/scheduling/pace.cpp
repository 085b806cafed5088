#include "gateway/scheduling/pace.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/unit/scheduling/samples.hpp"

using namespace scheduling_test;

namespace {

Rhythm every(Span interval) {
  Rhythm rhythm;
  for (int i = 10; i >= 0; --i) rhythm.opened_at(noon - i * interval);
  return rhythm;
}

}  // namespace

TEST_CASE("the next round is expected an interval after the last, and soon when it is overdue") {
  CHECK(Rhythm{}.interval() == Rhythm::first_guess);
  const Rhythm rhythm = every(Span(400));
  CHECK(rhythm.interval() == Span(400));
  CHECK(rhythm.next(noon) == noon + Span(400));
  CHECK(rhythm.next(noon + Span(399)) == noon + Span(400));
  CHECK(rhythm.next(noon + Span(1000)) == noon + Span(1100));
}

TEST_CASE(
    "property: a device comes back in the future, before the next round, within a day, or stays") {
  CHECK(rc::check([] {
    const Rhythm rhythm = every(Span(*rc::gen::inRange(1, 200000)));
    const auto reason = static_cast<Reason>(*rc::gen::inRange(0, static_cast<int>(reasons)));
    const Time now = noon + Span(*rc::gen::inRange(0, 100000));
    Arrivals arrivals;
    arrivals.devices = *rc::gen::inRange(1U, 5000U);
    const Time at =
        come_back_at(rhythm, well(), {reason}, device(*rc::gen::inRange(0U, 99U)), arrivals, now);
    if (at == Time{}) return;
    RC_ASSERT(at >= now + arrivals.least_sleep);
    RC_ASSERT(at <= now + arrivals.longest_sleep);
    if (reason == Reason::passed_over) RC_ASSERT(at <= rhythm.next(now));
  }));
}

TEST_CASE("5,000 devices do not come back in one second: at most three times the calm rate") {
  const Rhythm rhythm = every(Span(3600));
  Arrivals arrivals;
  arrivals.devices = 5000;
  std::map<Time, int> at;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const Time back =
        come_back_at(rhythm, well(), {Reason::passed_over}, device(i), arrivals, noon);
    ++at[back];
    CHECK(back < noon + Span(3600));
    CHECK(back >= noon + Span(1800));
  }
  for (const auto& [second, devices] : at) CHECK(devices <= 60);
}

TEST_CASE(
    "a resting device sleeps until it is rested, a flat one for four rounds, with short rounds "
    "none does") {
  const Rhythm rhythm = every(Span(600));
  Record tired = well();
  for (int i = 0; i < 4; ++i) note_miss(tired, noon, Span(600));  // rests for 4 rounds
  const auto back = [&](const Record& record, Reason reason) {
    return come_back_at(rhythm, record, {reason}, device(1), {}, noon);
  };
  CHECK(back(well(), Reason::passed_over) > noon + Span(500));
  CHECK(back(well(), Reason::passed_over) < noon + Span(600));
  CHECK(back(tired, Reason::resting) >= rested_at(tired, Span(600)) - Span(31));
  CHECK(back(tired, Reason::resting) > noon + Span(2300));
  CHECK(back(well(), Reason::battery) > noon + Span(1700));
  CHECK(come_back_at(every(Span(20)), well(), {Reason::passed_over}, device(1), {}, noon) ==
        Time{});
  const Time later = come_back_at(rhythm, well(), {Reason::passed_over, 3}, device(1), {}, noon);
  CHECK(later > noon + Span(600 + 1700));
  CHECK(later <= noon + Span(2400));
}
