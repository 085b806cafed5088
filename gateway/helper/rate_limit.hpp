// Rule H12: at most so many sums per task and minute. In memory: a restart forgives.
#pragma once

#include <map>
#include <optional>

#include "gateway/helper/limits.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_minute) : per_minute_(per_minute) {}
  // Counts one sum; when the minute is used up counts nothing and says how long to wait.
  std::optional<std::chrono::seconds> take(const TaskId& task, UnixTime now);

 private:
  struct Minute {
    UnixTime begin;
    std::uint32_t count;
  };
  std::uint32_t per_minute_;
  std::map<TaskId, Minute> minutes_;  // only tasks of the current minute
};

}  // namespace tributary::gateway::helper
