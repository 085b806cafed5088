// How long to wait before trying again: exponential, with full jitter, so that many senders whose
// peer comes back do not come back together.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace tributary::storage {

struct Backoff {
  std::chrono::milliseconds base{1'000};    // longest wait after the first failure
  std::chrono::milliseconds most{300'000};  // longest wait ever
};

// After `failures` failed attempts (at least 1); `random` is uniform in [0, 1). Uniform between 0
// and min(most, base * 2^(failures-1)).
inline std::chrono::milliseconds backoff_delay(const Backoff& backoff, std::uint32_t failures,
                                               double random) {
  const int doublings = static_cast<int>(std::clamp<std::uint32_t>(failures, 1, 63)) - 1;
  const double ceiling = std::min(std::ldexp(static_cast<double>(backoff.base.count()), doublings),
                                  static_cast<double>(backoff.most.count()));
  return std::chrono::milliseconds{static_cast<std::int64_t>(random * ceiling)};
}

}  // namespace tributary::storage
