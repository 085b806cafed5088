#include "device-protocol/fleet/round_board.hpp"

#include <algorithm>

namespace tributary::fleet {

void RoundBoard::seen(const RoundPlace& place) {
  std::vector<Waiting> due;
  {
    const std::scoped_lock lock(mutex_);
    auto& task = tasks_[place.gateway_and_task];
    if (place.round <= task.newest) return;
    task.newest = place.round;
    const auto later =
        std::partition(task.waiting.begin(), task.waiting.end(),
                       [&](const Waiting& waiting) { return waiting.round >= place.round; });
    std::move(later, task.waiting.end(), std::back_inserter(due));
    task.waiting.erase(later, task.waiting.end());
  }
  for (const auto& waiting : due) waiting.over();
}

void RoundBoard::when_over(const RoundPlace& place, std::function<void()> over) {
  {
    const std::scoped_lock lock(mutex_);
    auto& task = tasks_[place.gateway_and_task];
    if (task.newest <= place.round) {
      task.waiting.push_back({place.round, std::move(over)});
      return;
    }
  }
  over();
}

}  // namespace tributary::fleet
