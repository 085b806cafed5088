// What a round's context and the gateway's configuration fix, as numbers the round machine works with.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "crypto/bytes.hpp"

namespace tributary::gateway::round {

// Time on the caller's monotonic clock, since any fixed point. The machine reads no clock.
using Instant = std::chrono::milliseconds;

struct PairwiseTerms;

struct Plan {
  Hash ctx_hash;
  std::uint32_t chunks;   // of a whole upload, at least 1
  std::uint32_t helpers;  // tickets in a header
  std::uint32_t n_min;
  std::uint32_t n_target;
  std::uint32_t n_max;
  Instant deadline;
  std::chrono::milliseconds patience;                       // 0: never closes for lack of arrivals
  std::shared_ptr<const PairwiseTerms> pairwise = nullptr;  // exactly in mode pairwise
  Instant due =
      Instant::max();  // when all ought to have come: closes from then on once it has n_min
};

struct Limits {
  std::uint32_t uploads_in_flight = 16;         // devices that hold credit at the same time
  std::uint32_t credit_chunks = 64;             // of one credit
  std::uint32_t waiting = 1024;                 // devices in the queue for credit
  std::uint32_t nonces = 4;                     // uploads a device may begin in one round
  std::chrono::milliseconds credit_idle{5000};  // a credit ends when nothing arrives for this long
  std::uint32_t busy_retry_seconds = 5;
};

}  // namespace tributary::gateway::round
