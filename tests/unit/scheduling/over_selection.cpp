#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "gateway/scheduling/over_selection.hpp"

using namespace tributary::gateway::scheduling;

namespace {

// Every outcome of every trial.
double by_hand(const std::vector<double>& chances, std::size_t used, std::uint32_t least) {
  double probability = 0;
  for (std::uint32_t outcome = 0; outcome < (1U << used); ++outcome) {
    double one = 1;
    std::uint32_t successes = 0;
    for (std::size_t i = 0; i < used; ++i) {
      const bool success = (outcome >> i & 1) != 0;
      one *= success ? chances[i] : 1 - chances[i];
      successes += success ? 1 : 0;
    }
    if (successes >= least) probability += one;
  }
  return probability;
}

rc::Gen<std::vector<double>> some_chances() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 11), [](std::size_t size) {
    return rc::gen::container<std::vector<double>>(
        size, rc::gen::map(rc::gen::inRange(0, 101), [](int percent) { return percent / 100.0; }));
  });
}

}  // namespace

TEST_CASE("property: the tail of the count is that of every outcome added up") {
  CHECK(rc::check([] {
    const auto chances = *some_chances();
    SuccessCount count(static_cast<std::uint32_t>(chances.size()));
    for (const double chance : chances) count.add(chance);
    for (std::uint32_t least = 0; least <= chances.size(); ++least) {
      RC_ASSERT(std::abs(count.at_least(least) - by_hand(chances, chances.size(), least)) < 1e-9);
    }
  }));
}

TEST_CASE("property: as few are invited as reach target and minimum with the certainty wanted") {
  CHECK(rc::check([] {
    const auto chances = *some_chances();
    const auto target = *rc::gen::inRange<std::uint32_t>(1, 8);
    const auto minimum = *rc::gen::inRange<std::uint32_t>(1, target + 1);
    const auto most = *rc::gen::inRange<std::uint32_t>(target, 12);
    const Wanted wanted{minimum, target, most, 0.8, 0.95};
    const auto invited = invite(chances, wanted);
    RC_ASSERT(invited.count <= std::min<std::size_t>(chances.size(), most));
    const auto certain = [&](std::size_t used) {
      return used >= target && by_hand(chances, used, target) >= 0.8 - 1e-9 &&
             by_hand(chances, used, minimum) >= 0.95 - 1e-9;
    };
    if (invited.count < std::min<std::size_t>(chances.size(), most)) {
      RC_ASSERT(certain(invited.count));
    }
    if (invited.count > target) RC_ASSERT(!certain(invited.count - 1));
    RC_ASSERT(std::abs(invited.reaches_target - by_hand(chances, invited.count, target)) < 1e-9);
    RC_ASSERT(std::abs(invited.reaches_minimum - by_hand(chances, invited.count, minimum)) < 1e-9);
  }));
}

TEST_CASE(
    "more drop-outs, more invitations: 100 devices of 0.99, 0.9 and 0.6 for a target of 100") {
  const auto invited = [](double chance) {
    return invite(std::vector<double>(1000, chance), {50, 100, 1000}).count;
  };
  CHECK(invited(1.0) == 100);
  CHECK(invited(0.99) == 102);
  CHECK(invited(0.9) == 116);
  CHECK(invited(0.6) == 180);
}

TEST_CASE("5,000 chances are counted without leaving 0..1") {
  const auto invited = invite(std::vector<double>(5000, 0.5), {1000, 2400, 5000});
  CHECK(invited.count > 4800);
  CHECK(invited.count < 5000);
  CHECK(invited.reaches_target >= 0.9);
  CHECK(invited.reaches_minimum <= 1);
}
