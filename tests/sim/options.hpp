// Which storms this run of the program is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tributary::sim {

struct Options {
  // First and last; nullopt: those of the commit.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> seeds;
  std::optional<std::string> mix;            // that one alone, in words
  bool show = false;                         // the whole transcript of each mix or seed
  std::optional<std::chrono::seconds> time;  // as many as fit, instead of `default_seeds`
};
extern Options options;

constexpr std::uint64_t default_seeds = 1000;
// The first seed of a run that names none: from TRIBUTARY_COMMIT, so that every commit tries others; 1 without.
std::uint64_t first_seed();

}  // namespace tributary::sim
