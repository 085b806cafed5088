// How many of a ranking must be invited so that enough of them contribute.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tributary::gateway::scheduling {

// The number of successes among independent trials of different chances (Poisson-binomial), up to a limit:
// one pass of the recurrence of Barlow and Heidtmann (1984) for each trial.
class SuccessCount {
 public:
  explicit SuccessCount(std::uint32_t limit);  // counts 0 .. limit-1 are told apart
  void add(double chance);
  double at_least(std::uint32_t count) const;  // count <= limit

 private:
  std::vector<double> exactly_;
};

struct Wanted {
  std::uint32_t n_min;  // 1 <= n_min <= n_target <= n_max
  std::uint32_t n_target;
  std::uint32_t n_max;
  double target_certainty = 0.9;
  double minimum_certainty = 0.999;
};

struct Invited {
  std::uint32_t count;    // of the front of the ranking, at most n_max
  double reaches_target;  // probability, by these chances
  double reaches_minimum;
};

// `chances` in the order of the ranking, each 0..1. All of them when not even they are certain enough.
Invited invite(std::span<const double> chances, const Wanted& wanted);

}  // namespace tributary::gateway::scheduling
