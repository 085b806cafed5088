// Where the secrets of all slots of a device come from: one chain key, advanced slot by slot.
//   chain_(s+1) = KDF(chain_s, "prekey-chain")
//   mask secret = KDF(chain_s, "prekey-mask", graph_seed, u32 s, u8 t)
//   self seed   = KDF(chain_s, "prekey-self", graph_seed, u32 s, u8 t)
//   coefficients of a split: ChaCha20-IETF(KDF(chain_s, "prekey-shares", graph_seed, u32 s, u8 t,
//   u8 kind)), from byte 0
// So a device stores 36 bytes for any number of slots, makes a batch again byte for byte after a
// reset, and never seals two different shares under one key. Deleting chain_s after the round
// leaves nothing from which its masks could be made again [own].
#pragma once

#include "crypto/pairwise/graph.hpp"
#include "crypto/pairwise/mask_keys.hpp"
#include "crypto/pairwise/shamir.hpp"

namespace tributary::pairwise {

using ChainKey = crypto::Secret<struct ChainKeyTag, 32>;

enum class ShareKind : std::uint8_t { mask_secret = 1, self_seed = 2 };

struct SlotSecrets {
  MaskSecret mask_secret;
  SelfSeed self_seed;
};

// What a slot's secrets are bound to besides the chain.
struct SlotTerms {
  GraphSeed graph;
  std::uint8_t threshold;  // t, 1..254
};

class PrekeyChain {
 public:
  // `key` is chain_slot: for a new device random and slot 0, later what was persisted.
  PrekeyChain(std::uint32_t slot, ChainKey key) : slot_(slot), key_(std::move(key)) {}

  std::uint32_t slot() const { return slot_; }
  const ChainKey& key() const { return key_; }
  // The chain one slot on; persist it, in place of this one, before the slot's shares may be
  // revealed. Throws std::length_error after slot 2^32 - 1.
  PrekeyChain next() const;

  SlotSecrets secrets(const SlotTerms& terms) const;
  // (threshold - 1) * 32 secret bytes for split(); the caller wipes them.
  Bytes coefficients(const SlotTerms& terms, ShareKind kind) const;

 private:
  std::uint32_t slot_;
  ChainKey key_;
};

}  // namespace tributary::pairwise
