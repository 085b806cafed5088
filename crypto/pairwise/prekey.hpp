// A prekey: what a device leaves at the gateway for one slot, at any wake-up before the round. The
// gateway keeps the bytes, gives every neighbour the head and that neighbour's two sealed shares,
// and checks the hash of all shares at once. Integers are little-endian.
//   head, 220 bytes:
//     0   1  version = 1
//     1   1  k, neighbours = shares per kind
//     2   1  t, threshold
//     3   1  zero
//     4   4  index of the owner in the roster
//     8   4  slot
//     12  16 owner id
//     28  32 graph seed
//     60  32 mask key, X25519
//     92  32 commitment to the self seed
//     124 32 H("prekey-shares", the 96 k bytes of shares)
//     156 64 Ed25519 by the owner's identity over sig/prekey of H("prekey", bytes 0..155)
//   shares, 96 k bytes: for each neighbour, ascending, sealed mask secret 48 || sealed self seed 48
#pragma once

#include "crypto/pairwise/sealed_share.hpp"

namespace tributary::pairwise {

inline constexpr std::size_t prekey_head_bytes = 220;

struct PrekeyHead {
  std::uint8_t neighbours;
  std::uint8_t threshold;
  std::uint32_t device;
  std::uint32_t slot;
  DeviceId owner;
  GraphSeed graph;
  MaskKey mask_key;
  SeedCommitment commitment;
  Hash shares_hash;
  Signature signature;
  bool operator==(const PrekeyHead&) const = default;
};

struct SealedShares {
  SealedShare mask_secret;
  SealedShare self_seed;
  bool operator==(const SealedShares&) const = default;
};

struct Prekey {
  PrekeyHead head;
  std::vector<SealedShares> shares;  // [neighbour's share point - 1]
  bool operator==(const Prekey&) const = default;
};

Bytes encode(const PrekeyHead& head);
Bytes encode(const Prekey& prekey);
// nullopt: another version, reserved byte set, not 1 <= t <= k <= 254, or any length but the exact.
std::optional<PrekeyHead> decode_prekey_head(ByteView bytes);
std::optional<Prekey> decode_prekey(ByteView bytes);

// The owner's side.
struct PrekeyOwner {
  std::uint32_t device;  // index in the roster
  DeviceId id;
  const crypto::SigningKey& identity;
  // [neighbour's share point - 1], k of them
  std::span<const SharePairKey> pair_keys;
};
// The prekey of the chain's slot: a pure function of its arguments, the same bytes every time.
// Throws std::invalid_argument unless 1 <= threshold <= k and there are k pair keys.
Prekey make_prekey(const PrekeyChain& chain, const Graph& graph, std::uint8_t threshold,
                   const PrekeyOwner& owner);
// Those of the chain's slot and the count-1 after it; the chain itself does not move.
std::vector<Prekey> make_prekeys(const PrekeyChain& chain, std::size_t count, const Graph& graph,
                                 std::uint8_t threshold, const PrekeyOwner& owner);

// What everybody who reads a head knows beforehand.
struct PrekeyTerms {
  const Graph& graph;
  std::uint8_t threshold;
  std::uint32_t slot;
};
// The roster's entry the head must be of; its certificate was checked when the roster was made.
struct RosterDevice {
  std::uint32_t index;
  DeviceId id;
  VerifyKey identity;
};
enum class PrekeyFault {
  none,
  other_terms,  // graph, threshold, slot or number of neighbours
  other_owner,  // not of this device
  bad_signature,
  other_shares,  // gateway only: the shares are not those that were signed
};
// Every neighbour and the gateway. A device masks and opens shares only under heads that pass.
PrekeyFault check(const PrekeyHead& head, const PrekeyTerms& terms, const RosterDevice& owner);
// The gateway, before it stores a prekey.
PrekeyFault check(const Prekey& prekey, const PrekeyTerms& terms, const RosterDevice& owner);

// The holder's share of an owner whose head passed check(): the point comes from the graph, never
// from the message. nullopt: not neighbours, or not sealed for this holder.
std::optional<Share> open_held_share(const PrekeyHead& head, const Graph& graph,
                                     std::uint32_t holder, const SharePairKey& pair, ShareKind kind,
                                     const SealedShare& sealed);

}  // namespace tributary::pairwise
