#include "gateway/scheduling/over_selection.hpp"

#include <algorithm>
#include <numeric>

namespace tributary::gateway::scheduling {

SuccessCount::SuccessCount(std::uint32_t limit) : exactly_(limit, 0.0) {
  if (limit > 0) exactly_[0] = 1;
}

void SuccessCount::add(double chance) {
  for (std::size_t k = exactly_.size(); k-- > 1;) {
    exactly_[k] += chance * (exactly_[k - 1] - exactly_[k]);
  }
  if (!exactly_.empty()) exactly_[0] *= 1 - chance;
}

double SuccessCount::at_least(std::uint32_t count) const {
  const auto end = exactly_.begin() + std::min<std::ptrdiff_t>(count, std::ssize(exactly_));
  return std::clamp(1 - std::accumulate(exactly_.begin(), end, 0.0), 0.0, 1.0);
}

Invited invite(std::span<const double> chances, const Wanted& wanted) {
  SuccessCount successes(wanted.n_target);
  const std::size_t most = std::min<std::size_t>(chances.size(), wanted.n_max);
  Invited invited{0, 0, 0};
  while (invited.count < most) {
    successes.add(chances[invited.count++]);
    if (invited.count < wanted.n_target) continue;
    invited.reaches_target = successes.at_least(wanted.n_target);
    invited.reaches_minimum = successes.at_least(wanted.n_min);
    if (invited.reaches_target >= wanted.target_certainty &&
        invited.reaches_minimum >= wanted.minimum_certainty) {
      return invited;
    }
  }
  invited.reaches_target = successes.at_least(wanted.n_target);
  invited.reaches_minimum = successes.at_least(wanted.n_min);
  return invited;
}

}  // namespace tributary::gateway::scheduling
