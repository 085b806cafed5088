// The one survivor set a device has spoken for, of the last slot it spoke about. A witness keeps one
// for what it signed, a holder of shares one for what it revealed.
//
// Duty of the caller: persist the vow vow_for returned BEFORE anything based on it is sent, and give
// the persisted one to the next call. After a crash in between nothing was sent, or the same again.
#pragma once

#include "crypto/pairwise/outcome.hpp"
#include "crypto/pairwise/survivor_set.hpp"

namespace tributary::pairwise {

struct SlotVow {
  RoundName round;
  Hash survivors_hash;
  bool operator==(const SlotVow&) const = default;
};

enum class VowFault {
  burnt_slot,       // a later slot was spoken about
  other_survivors,  // this slot, with another set, context or graph
};

// A later slot: a new vow. The same slot with the same everything: the same vow, so that a lost
// answer can be given again. Anything else is refused for ever.
Outcome<SlotVow, VowFault> vow_for(const std::optional<SlotVow>& last, const RoundName& round,
                                   const SurvivorSet& survivors);

// 104 bytes: version = 1, three zeros, u32 slot, graph seed 32, ctx_hash 32, survivors hash 32.
inline constexpr std::size_t slot_vow_bytes = 104;
Bytes encode(const SlotVow& vow);
std::optional<SlotVow> decode_slot_vow(ByteView bytes);  // nullopt: anything but the above

}  // namespace tributary::pairwise
