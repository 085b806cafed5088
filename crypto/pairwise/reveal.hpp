// Which of the two shares a holder may reveal for each of its neighbours: that of the self seed when
// the neighbour survived, that of the mask secret when it dropped out, never both. Whoever has both
// secrets of a device reads its update.
//
//   nothing revealed -> decide(certificate) -> persist the record -> send -> the slot is burnt
//
// The same rule as SlotVow: the record is durable before the first share leaves the device.
#pragma once

#include "crypto/pairwise/prekey_chain.hpp"
#include "crypto/pairwise/survivor_certificate.hpp"

namespace tributary::pairwise {

// What a device has decided to reveal in the last slot it did so. 136 bytes when encoded: the vow
// (104), then 32 bytes of bits: bit p%8 of byte p/8 is set when the neighbour at place p
// (of graph.neighbours(device), from 0) survived.
struct RevealRecord {
  SlotVow vow;
  std::array<std::uint8_t, 32> survived{};

  ShareKind kind_for(std::size_t place) const;  // place < 254
  bool operator==(const RevealRecord&) const = default;
};
inline constexpr std::size_t reveal_record_bytes = slot_vow_bytes + 32;
Bytes encode(const RevealRecord& record);
std::optional<RevealRecord> decode_reveal_record(ByteView bytes);  // nullopt: not such bytes

// What the device knows about the round it is asked to finish.
struct RevealTerms {
  const Graph& graph;
  std::uint32_t device;  // its own index
  Hash ctx_hash;         // the signed context it masked under, or would have
  std::uint32_t slot;
  std::span<const Witness> witnesses;
  std::size_t quorum;
  std::size_t survivors_min;  // n_min of the context and of its provisioning, the larger
};

enum class RevealFault {
  bad_certificate,
  too_few_survivors,
  burnt_slot,
  other_survivors,  // the slot was revealed for another set
};

// The record to persist; the same one again for the same set. `last`: what was persisted before.
Outcome<RevealRecord, RevealFault> decide(const std::optional<RevealRecord>& last,
                                          const RevealTerms& terms,
                                          const SurvivorCertificate& certificate,
                                          const SurvivorSet& survivors);

// Whether a share asked for by name may leave under the persisted record.
struct ShareRequest {
  RoundName round;
  std::size_t place;
  ShareKind kind;
};
bool may_reveal(const RevealRecord& persisted, const ShareRequest& request);

}  // namespace tributary::pairwise
