#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gateway/scheduling/fairness.hpp"
#include "tests/unit/scheduling/samples.hpp"

using namespace scheduling_test;

namespace {

Record any_record() {
  Record record = well();
  record.conditions.battery = *rc::gen::inRange(0U, 101U);
  record.conditions.link = *rc::gen::inRange(0U, 101U);
  record.conditions.power = *rc::gen::element(Power::unknown, Power::battery, Power::mains);
  record.presence =
      *rc::gen::element(Presence::unheard, Presence::awake, Presence::asleep, Presence::gone);
  record.wake_at = noon + Span(*rc::gen::inRange(-100, 5000));
  record.completed = *rc::gen::inRange(0, 5);
  record.missed = *rc::gen::inRange(0, 5);
  record.credit = *rc::gen::inRange(-30, 30) / 10.0;
  return record;
}

std::vector<Candidate> any_candidates() {
  const auto count = *rc::gen::inRange(0U, 40U);
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < count; ++i) candidates.push_back({device(i), any_record()});
  return candidates;
}

double total_credit(const std::vector<Candidate>& candidates) {
  double sum = 0;
  for (const auto& one : candidates) sum += one.record.credit;
  return sum;
}

}  // namespace

TEST_CASE(
    "property: a reason for everybody, only eligible ones are chosen, credits sum to what they "
    "were") {
  CHECK(rc::check([] {
    auto candidates = any_candidates();
    const Wanted wanted{2, 5, 9};
    const Choice choice = select(candidates, hour, wanted, noon, seed(1));
    RC_ASSERT(choice.decisions.size() == candidates.size());
    RC_ASSERT(std::accumulate(choice.counts.begin(), choice.counts.end(), 0U) == candidates.size());
    std::size_t could = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Reason before = eligible(candidates[i].record, hour, noon);
      const Reason after = choice.decisions[i].reason;
      if (before == Reason::passed_over) ++could;
      RC_ASSERT(after == before || (before == Reason::passed_over && after == Reason::chosen));
    }
    const auto chosen = choice.chosen();
    RC_ASSERT(chosen.size() == choice.invited.count);
    RC_ASSERT(std::ranges::is_sorted(chosen));
    RC_ASSERT(chosen.size() >= std::min<std::size_t>(could, wanted.n_target));
    RC_ASSERT(chosen.size() <= wanted.n_max);
    const double credit = total_credit(candidates);
    settle(candidates, choice);
    RC_ASSERT(std::abs(total_credit(candidates) - credit) < 1e-9);
  }));
}

TEST_CASE("property: the same choice for the same seed, in whatever order the devices are named") {
  CHECK(rc::check([] {
    auto candidates = any_candidates();
    const auto first = select(candidates, hour, {2, 5, 9}, noon, seed(7)).chosen();
    std::ranges::reverse(candidates);
    RC_ASSERT(select(candidates, hour, {2, 5, 9}, noon, seed(7)).chosen() == first);
  }));
}

TEST_CASE("equals are drawn by the seed") {
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < 100; ++i) candidates.push_back({device(i), well()});
  const auto one = select(candidates, hour, {2, 10, 20}, noon, seed(1)).chosen();
  CHECK(select(candidates, hour, {2, 10, 20}, noon, seed(2)).chosen() != one);
  CHECK(select(candidates, hour, {2, 10, 20}, noon, seed(1)).chosen() == one);
}

TEST_CASE("who is barred stays out, earns nothing and keeps its reason") {
  std::vector<Candidate> candidates = {{device(1), well(), Reason::busy}, {device(2), well()}};
  const Choice choice = select(candidates, hour, {1, 2, 2}, noon, seed(1));
  CHECK(choice.decisions[0] == Decision{device(1), Reason::busy, 0, 0});
  CHECK(choice.chosen() == std::vector{device(2)});
}

TEST_CASE(
    "who sleeps on the gateway's word earns as if it were awake, and its turn comes when it "
    "wakes") {
  Record asleep = well();
  asleep.presence = Presence::asleep;
  asleep.wake_at = hour.closes_at + Span(1);
  std::vector<Candidate> candidates = {
      {device(1), asleep}, {device(2), well()}, {device(3), well()}};
  const Choice choice = select(candidates, hour, {1, 1, 1}, noon, seed(1));
  CHECK(choice.decisions[0].reason == Reason::asleep);
  CHECK(choice.decisions[0].credit == doctest::Approx(1.0 / 3));
}

TEST_CASE(
    "a device sleeps until its turn is near: one in ten chosen, the chosen pause for eight "
    "rounds") {
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < 1000; ++i) candidates.push_back({device(i), well()});
  for (std::uint32_t round = 0; round < 20; ++round) {
    const Choice choice = select(candidates, hour, {50, 91, 1000}, noon, seed(1));
    settle(candidates, choice);
    if (round < 19) continue;
    std::uint32_t soon = 0;
    for (const auto& decision : choice.decisions) {
      if (decision.reason == Reason::chosen) CHECK(decision.pause >= 6);
      if (decision.pause == 0) ++soon;
    }
    CHECK(soon >= 100);
    CHECK(soon <= 350);
  }
  for (const auto& one : candidates) CHECK(one.record.choices >= 1);
}

TEST_CASE("utility: reliable, charged and quick ones go first among those who are owed the same") {
  Record poor = well();
  poor.conditions.battery = 40;
  Record shaky = well();
  note_miss(shaky, noon - Span(100000), Span(600));
  Record slow = well();
  slow.seconds.take(500);
  Record quick = well();
  quick.seconds.take(50);
  Record plugged = well();
  plugged.conditions.power = Power::mains;
  CHECK(utility(well(), 100) > utility(poor, 100));
  CHECK(utility(well(), 100) > utility(shaky, 100));
  CHECK(utility(quick, 100) > utility(slow, 100));
  CHECK(utility(plugged, 100) > utility(poor, 100));
  Record owed = poor;
  owed.credit = 1.51;
  std::vector<Candidate> candidates = {{device(1), plugged}, {device(2), owed}};
  CHECK(select(candidates, hour, {1, 1, 1}, noon, seed(1)).chosen() == std::vector{device(2)});
}

TEST_CASE(
    "property: over many rounds always eligible devices get equal shares, however useful they "
    "are") {
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange(3U, 30U);
    const auto target = *rc::gen::inRange(1U, count);
    std::vector<Candidate> candidates;
    for (std::uint32_t i = 0; i < count; ++i) {
      Record record = well();
      record.conditions.battery = *rc::gen::inRange(30U, 101U);
      record.completed = *rc::gen::inRange(0, 5);
      record.missed = *rc::gen::inRange(0, 5);
      record.seconds.take(*rc::gen::inRange(1, 300));
      candidates.push_back({device(i), record});
    }
    std::uint64_t invited = 0;
    for (std::uint32_t round = 0; round < 100; ++round) {
      const Choice choice = select(candidates, hour, {1, target, count}, noon, seed(1));
      invited += choice.invited.count;
      settle(candidates, choice);
    }
    const double share = static_cast<double>(invited) / count;
    for (const auto& one : candidates) {
      RC_ASSERT(std::abs(static_cast<double>(one.record.choices) - share) <= 2.5);
    }
  }));
}

TEST_CASE("property: a device that fails every time is still tried, and not more than the others") {
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < 20; ++i) candidates.push_back({device(i), well()});
  std::uint32_t silence = 0;
  std::uint32_t longest = 0;
  for (std::uint32_t round = 0; round < 400; ++round) {
    const Time now = noon + Span(600) * round;
    Requirements needs = hour;
    needs.closes_at = now + Span(300);
    const Choice choice = select(candidates, needs, {2, 5, 20}, now, seed(1));
    settle(candidates, choice);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (choice.decisions[i].reason != Reason::chosen) continue;
      if (i == 0) {
        note_miss(candidates[i].record, now, Span(600));
        silence = 0;
      } else {
        note_contribution(candidates[i].record, Span(30));
      }
    }
    longest = std::max(longest, ++silence);
  }
  CHECK(candidates[0].record.choices >= 15);
  CHECK(longest <= 16 + 8);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    CHECK(candidates[i].record.choices > candidates[0].record.choices);
  }
}

TEST_CASE("Jain's index and the shares of classes, by hand") {
  const double equal[] = {3, 3, 3};
  const double one_has_all[] = {8, 0, 0, 0};
  CHECK(jain_index(equal) == doctest::Approx(1));
  CHECK(jain_index(one_has_all) == doctest::Approx(0.25));
  CHECK(jain_index({}) == 1);
  const auto shares = class_shares({ClassCount{10, 30}, ClassCount{10, 10}, {}, {}});
  CHECK(shares[0] == doctest::Approx(1.5));
  CHECK(shares[1] == doctest::Approx(0.5));
  CHECK(shares[2] == 1);
  Record record = well();
  CHECK(class_of(record, 100) == DeviceClass::battery);
  record.conditions.power = Power::mains;
  CHECK(class_of(record, 100) == DeviceClass::mains);
  record.conditions.link = 49;
  CHECK(class_of(record, 100) == DeviceClass::weak_link);
  record.seconds.take(201);
  CHECK(class_of(record, 100) == DeviceClass::slow);
}
