// The secrets of one device in one slot and what masks are derived from them (Bonawitz et al.,
// CCS 2017, section 4). A slot is a one-time set of them, used in one round and then burnt.
//   m_ij = KDF(KDF(DH, "pairwise-key", min pk, max pk), "pairwise-mask", ctx_hash)
//   self mask seed = KDF(b_i, "self-mask", ctx_hash)
// pk are the 32-byte X25519 public keys, ordered as byte strings.
#pragma once

#include "crypto/keys.hpp"

namespace tributary::pairwise {

using MaskSecret = crypto::Secret<struct MaskSecretTag, 32>;  // X25519, one slot
using SelfSeed = crypto::Secret<struct SelfSeedTag, 32>;      // b_i, one slot
using MaskKey = Fixed<struct MaskKeyTag, 32>;                 // public, of a MaskSecret
using SeedCommitment = Fixed<struct SeedCommitmentTag, 32>;   // public, of a SelfSeed

MaskKey mask_key(const MaskSecret& secret);
// H("self-seed", seed): hides a seed of 256 random bits and binds to it.
SeedCommitment commitment(const SelfSeed& seed);

// The seed both ends of an edge derive. nullopt: `other` is a low-order point.
std::optional<crypto::Seed> pair_mask_seed(const MaskSecret& own, const MaskKey& own_key,
                                           const MaskKey& other, const Hash& ctx_hash);
crypto::Seed self_mask_seed(const SelfSeed& seed, const Hash& ctx_hash);

}  // namespace tributary::pairwise
