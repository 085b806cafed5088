// What a device adds to its words: y_i = q_i + PRG(self mask seed) + sum_j +-PRG(m_ij) mod 2^b,
// plus iff i < j (Bonawitz et al. 2017; one seed per word range, crypto/mask.hpp).
// A device masks with ALL its neighbours of the graph or does not take part: with fewer, a gateway
// that shows it only corrupt neighbours and drops the rest would strip its masks [own].
#pragma once

#include "crypto/pairwise/graph.hpp"
#include "crypto/pairwise/mask_keys.hpp"
#include "crypto/ring.hpp"

namespace tributary::pairwise {

// Seeds of masks, by sign. Expanded by add_masks; 32 bytes each.
struct SignedSeeds {
  std::vector<crypto::Seed> plus;
  std::vector<crypto::Seed> minus;
};

struct OwnMaskKeys {
  std::uint32_t device;  // index in the roster
  const MaskSecret& secret;
  const SelfSeed& self_seed;
};

// The seeds of one upload. keys[j] is the certified mask key of device j in this slot; those of the
// neighbours are read. nullopt: a neighbour's key is a low-order point or the device's own (an
// answer to the gateway, which sent it). Throws std::invalid_argument when keys.size() is not n.
std::optional<SignedSeeds> upload_seeds(const Graph& graph, std::span<const MaskKey> keys,
                                        const OwnMaskKeys& own, const Hash& ctx_hash);

// words += sum of the masks of plus - sum of those of minus. Whole words; memory twice the words.
void add_masks(crypto::RingBits bits, const SignedSeeds& seeds, std::span<std::uint8_t> words);
// The inverse.
void remove_masks(crypto::RingBits bits, const SignedSeeds& seeds, std::span<std::uint8_t> words);

}  // namespace tributary::pairwise
