// When a device disappears in the middle of a round: decided once per device and round, a pure
// function of the seed.
#pragma once

#include <optional>

#include "crypto/bytes.hpp"
#include "tributary/client.h"

namespace tributary::fleet {

// The length of a round in turns, as its context says.
struct RoundLength {
  std::uint32_t local_steps = 1;
  std::uint32_t chunks = 1;
  bool pairwise = false;  // the round has a second part: shares for those that dropped out
};

struct VanishPlan {
  trib_phase phase;         // fetching .. committing; idle: once its upload has its receipt
  std::uint32_t turns = 0;  // after so many turns in that phase

  // Also due when the phase is past, however quickly it went.
  bool due(trib_phase now, std::uint32_t turns_in_phase) const {
    if (after_upload()) return now == TRIB_PHASE_IDLE;
    return now > phase || (now == phase && turns_in_phase >= turns);
  }
  bool after_upload() const { return phase == TRIB_PHASE_IDLE; }
};

// nullopt with probability 1 - `probability`: the device stays.
std::optional<VanishPlan> draw_vanish(double probability, std::uint64_t seed,
                                      const DeviceId& device, const Hash& ctx_hash,
                                      const RoundLength& length);

}  // namespace tributary::fleet
