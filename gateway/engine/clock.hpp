// Where the engine gets its time from; a test gives its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

#include "gateway/round/plan.hpp"

namespace tributary::gateway::engine {

struct Clock {
  std::function<std::chrono::sys_seconds()> wall;  // may jump
  std::function<round::Instant()> monotonic;       // never goes back
};

// What is left of a round on the monotonic clock. A wall clock outside the context's life by more than
// a day is not believed: the round gets its full length.
inline std::chrono::seconds time_left(std::chrono::sys_seconds now,
                                      std::chrono::sys_seconds not_before,
                                      std::chrono::sys_seconds deadline) {
  const auto length = std::max(deadline - not_before, std::chrono::seconds(0));
  const auto doubt = std::chrono::hours(24);
  if (now < not_before - doubt || now > deadline + doubt) return length;
  return std::clamp(deadline - now, std::chrono::seconds(0), length);
}

}  // namespace tributary::gateway::engine
