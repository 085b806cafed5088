// Storms: mixes that once failed, then those of the commit or those asked for.
#include <doctest/doctest.h>

#include <iostream>

#include "tests/sim/options.hpp"
#include "tests/sim/past.hpp"
#include "tests/sim/shrink.hpp"
#include "tests/sim/workers.hpp"

using namespace tributary;
using namespace tributary::sim;

namespace {

constexpr std::uint64_t batch = 100;

struct Tally {
  std::uint64_t runs = 0;
  std::uint64_t strikes = 0;
  std::uint64_t released = 0;
  std::uint64_t abandoned = 0;
};

Verdict judge(std::uint64_t number, const Mix& mix) {
  auto course = run(mix);
  if (options.show) {
    for (const auto& line : course.transcript) std::cout << line << "\n";
  }
  Verdict verdict{number, course.strikes, course.released, course.abandoned, {}};
  if (course.wrongs.empty()) return verdict;
  std::string text = "mix: " + mix.text() + "\n";
  for (const auto& wrong : course.wrongs) text += "wrong: " + wrong + "\n";
  verdict.text = text + report(shrink(mix, std::move(course), run));
  return verdict;
}

void check_all(const std::vector<Verdict>& verdicts, const char* what, Tally& tally) {
  for (const auto& verdict : verdicts) {
    CHECK_MESSAGE(verdict.text.empty(), what, " ", verdict.number, "\n", verdict.text);
    ++tally.runs;
    tally.strikes += verdict.strikes;
    tally.released += verdict.released;
    tally.abandoned += verdict.abandoned;
  }
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

// Batches of seeds from `first` on, until so many have run or the time is over.
Tally run_seeds(std::uint64_t first, std::uint64_t count) {
  const auto begun = std::chrono::steady_clock::now();
  const auto in_time = [&] {
    return !options.time || std::chrono::steady_clock::now() - begun < *options.time;
  };
  Tally tally;
  for (std::uint64_t done = 0; done < count && in_time();) {
    const auto size = std::min(batch, count - done);
    const auto verdicts = in_two_processes(
        numbers(first + done, size), [](std::uint64_t seed) { return judge(seed, mix_of(seed)); });
    CHECK(verdicts.size() == size);
    check_all(verdicts, "seed", tally);
    done += size;
  }
  return tally;
}

}  // namespace

TEST_CASE("storms of the past: what once failed holds") {
  const auto past = past_failures();
  const auto verdicts = in_two_processes(numbers(0, past.size()),
                                         [&](std::uint64_t i) { return judge(i, past[i].mix); });
  for (const auto& verdict : verdicts) {
    CHECK_MESSAGE(verdict.text.empty(), past[verdict.number].why, "\n", verdict.text);
  }
  CHECK(verdicts.size() == past.size());
}

TEST_CASE("storms: whatever fails, sums are exact, receipts are kept, and then every round ends") {
  if (options.mix) {
    Tally tally;
    return check_all({judge(0, Mix::parse(*options.mix))}, "mix", tally);
  }
  const auto [first, last] = options.seeds.value_or(
      std::pair(first_seed(), first_seed() + (options.time ? UINT32_MAX : default_seeds - 1)));
  const auto begun = std::chrono::steady_clock::now();
  const auto tally = run_seeds(first, last - first + 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::cout << "storms: " << tally.runs << " seeds from " << first << " on, " << tally.strikes
            << " faults, " << tally.released << " rounds released, " << tally.abandoned
            << " abandoned, " << took.count() << " s\n";
  CHECK((options.seeds || tally.released > 0));
}
