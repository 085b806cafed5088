#include "device-protocol/fleet/vanish.hpp"

#include <cstring>

#include "device-protocol/fleet/chance.hpp"

namespace tributary::fleet {
namespace {

std::uint64_t first_word(ByteView bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

}  // namespace

std::optional<VanishPlan> draw_vanish(double probability, std::uint64_t seed,
                                      const DeviceId& device, const Hash& ctx_hash,
                                      const RoundLength& length) {
  Chance chance(seed ^ first_word(device.view()), first_word(ctx_hash.view()));
  if (chance.uniform() >= probability) return std::nullopt;
  // Between upload and reveal a device sleeps for long: a third of the cuts fall there.
  if (length.pairwise && chance.below(3) == 0) return VanishPlan{TRIB_PHASE_IDLE};
  // Training is the longest part of a round on a microcontroller, so most cuts fall there; every
  // other state gets its share.
  const auto part = chance.below(20);
  const auto turn_of = [&](std::uint32_t turns) {
    return static_cast<std::uint32_t>(chance.below(turns > 0 ? turns : 1));
  };
  if (part < 3) return VanishPlan{TRIB_PHASE_FETCHING, 0};
  if (part < 12) return VanishPlan{TRIB_PHASE_TRAINING, turn_of(length.local_steps)};
  if (part < 14) return VanishPlan{TRIB_PHASE_REQUESTING, 0};
  if (part < 18) return VanishPlan{TRIB_PHASE_UPLOADING, turn_of(length.chunks)};
  return VanishPlan{TRIB_PHASE_COMMITTING, 0};
}

}  // namespace tributary::fleet
