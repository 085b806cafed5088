// What a helper accepts, whatever a context says (rules H1 and H12).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tributary::gateway::helper {

using UnixTime = std::chrono::sys_seconds;

struct Limits {
  std::uint32_t n_min = 3;  // own floor, at least 2: contexts with a lower n_min are refused
  std::uint32_t n_max = 5000;
  std::size_t words = 1'000'000;               // per mask, model and metric words together
  std::chrono::seconds clock_skew{120};        // a context may begin this much in the future
  std::chrono::seconds late{24 * 3600};        // after the deadline nothing new is answered
  std::uint32_t sums_per_minute = 120;         // per task, retries included
  std::chrono::hours epoch_lifetime{24 * 30};  // not_after of a new epoch key
};

}  // namespace tributary::gateway::helper
