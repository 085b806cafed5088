// How long to wait before the next attempt to reach the broker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tributary::gateway::mqtt {

// After `failures` failed attempts in a row (at least 1), `chance` in [0, 1): between half of the
// step and the step, which doubles from 250 ms to 8 s. Short, because the broker is next door.
inline std::chrono::milliseconds reconnect_delay(std::uint32_t failures, double chance) {
  const double step = 250.0 * static_cast<double>(1U << std::min(failures - 1, 5U));
  return std::chrono::milliseconds{static_cast<std::int64_t>(step * (0.5 + chance / 2))};
}

}  // namespace tributary::gateway::mqtt
