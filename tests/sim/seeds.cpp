#include <doctest/doctest.h>

#include <iostream>

#include "tests/sim/options.hpp"
#include "tests/sim/storm.hpp"

using namespace tributary;
using namespace tributary::sim;

namespace {

constexpr std::size_t lines_shown = 80;

std::string report(std::uint64_t seed, const Course& course) {
  std::string text =
      "seed " + std::to_string(seed) + " (repeat: test_sim --seed " + std::to_string(seed) + ")\n";
  const auto& all = course.transcript;
  for (std::size_t i = all.size() > lines_shown ? all.size() - lines_shown : 0; i < all.size();
       ++i) {
    text += all[i] + "\n";
  }
  for (const auto& wrong : course.wrongs) text += "WRONG: " + wrong + "\n";
  return text;
}

// Seeds that once failed, and why.
struct Past {
  std::uint64_t seed;
  const char* why;
};
constexpr Past past[] = {{1, "none yet: the first of all"}};

}  // namespace

TEST_CASE("storms: a seed is repeated exactly") {
  const auto first = run_seed(77);
  const auto second = run_seed(77);
  CHECK(first.transcript.size() > 100);
  CHECK(first.transcript == second.transcript);
}

TEST_CASE("storms of the past") {
  if (options.seeds) return;
  for (const auto& [seed, why] : past) {
    const auto course = run_seed(seed);
    CHECK_MESSAGE(course.wrongs.empty(), why, "\n", report(seed, course));
  }
}

TEST_CASE(
    "storms: whatever fails, sums are exact, receipts are kept, and after it every round ends") {
  const auto end = std::chrono::steady_clock::now() + options.time;
  const auto [first, last] =
      options.seeds.value_or(std::pair<std::uint64_t, std::uint64_t>(1, UINT64_MAX));
  std::uint64_t count = 0;
  std::uint64_t released = 0;
  std::uint64_t abandoned = 0;
  for (auto seed = first; seed <= last; ++seed) {
    if (!options.seeds && std::chrono::steady_clock::now() > end) break;
    const auto course = run_seed(seed);
    CHECK_MESSAGE(course.wrongs.empty(), report(seed, course));
    ++count;
    released += course.released;
    abandoned += course.abandoned;
  }
  std::cout << "storms: " << count << " seeds, " << released << " rounds released, " << abandoned
            << " abandoned\n";
  CHECK((options.seeds || released > 0));
}
