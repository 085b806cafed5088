// What a helper accepts, whatever a context says (rules H1 and H12).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tributary::gateway::helper {

using UnixTime = std::chrono::sys_seconds;
// Of a message; anything beyond the year 36,000 is that year, so that sums cannot overflow.
inline UnixTime unix_time(std::uint64_t seconds) {
  return UnixTime{std::chrono::seconds{std::min<std::uint64_t>(seconds, 1ULL << 40)}};
}

struct Limits {
  static constexpr std::uint64_t highest_round = (1ULL << 62) - 1;
  static constexpr std::size_t leaves = 1000;  // gateways in one total

  std::uint32_t n_min = 3;  // own floor, at least 2: contexts with a lower n_min are refused
  std::uint32_t n_max = 5000;
  double noise_floor = 0;                      // contexts with a lower noise_multiplier are refused
  std::size_t words = 1'000'000;               // per mask, model and metric words together
  std::chrono::seconds clock_skew{120};        // a context may begin this much in the future
  std::chrono::seconds late{24 * 3600};        // after the deadline nothing new is answered
  std::uint32_t sums_per_minute = 120;         // per task, retries included
  std::chrono::hours epoch_lifetime{24 * 30};  // not_after of a new epoch key
};

}  // namespace tributary::gateway::helper
