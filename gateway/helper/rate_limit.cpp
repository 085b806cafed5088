#include "gateway/helper/rate_limit.hpp"

namespace tributary::gateway::helper {

std::optional<std::chrono::seconds> RateLimit::take(const TaskId& task, UnixTime now) {
  using std::chrono::seconds;
  // A clock that went back starts new minutes rather than holding requests for its whole jump.
  std::erase_if(minutes_, [&](const auto& item) {
    return now < item.second.begin || now - item.second.begin >= seconds{60};
  });
  auto& minute = minutes_.try_emplace(task, Minute{now, 0}).first->second;
  if (minute.count >= per_minute_) return seconds{60} - (now - minute.begin);
  ++minute.count;
  return std::nullopt;
}

}  // namespace tributary::gateway::helper
