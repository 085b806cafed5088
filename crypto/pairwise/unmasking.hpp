// What the gateway takes off the sum of the survivors' uploads: the self masks of the survivors
// and the masks between a survivor and a dropped device (Bonawitz et al. 2017, round 4). Each
// reconstructed secret is checked against what its owner published before anything is used.
#pragma once

#include "crypto/pairwise/masking.hpp"
#include "crypto/pairwise/outcome.hpp"

namespace tributary::pairwise {

// What a device published for the slot, under its signature.
struct Published {
  MaskKey key;
  SeedCommitment commitment;
};

struct SurvivorSeed {
  std::uint32_t device;
  SelfSeed seed;
};
struct DroppedSecret {
  std::uint32_t device;
  MaskSecret secret;
};

// All devices of the graph, each once: who uploaded and who did not, ascending by device.
struct OpenedSecrets {
  std::vector<SurvivorSeed> survivors;
  std::vector<DroppedSecret> dropped;
};

struct UnmaskFault {
  enum class Kind {
    not_a_partition,  // a device twice, out of order, missing or unknown
    wrong_seed,       // does not open the device's commitment: some share of it was wrong
    wrong_secret,     // does not belong to the device's mask key
    unusable_key,     // the device's mask key is a low-order point
  };
  Kind kind;
  std::uint32_t device;  // the one at fault; for not_a_partition where it was noticed
};

// The seeds that are still in the sum, with the signs they have there. published[j] is of device j,
// n of them, else std::invalid_argument. Work: one base multiplication per dropped device, one
// X25519 per edge between dropped and survivor. Memory: 32 bytes per survivor and such edge.
Outcome<SignedSeeds, UnmaskFault> remaining_seeds(const Graph& graph,
                                                  std::span<const Published> published,
                                                  const OpenedSecrets& opened,
                                                  const Hash& ctx_hash);

// remaining_seeds and remove_masks in one: `sum` becomes the sum of the survivors' words; it is
// unchanged when there is a fault. Memory O(words).
std::optional<UnmaskFault> unmask(crypto::RingBits bits, const Graph& graph,
                                  std::span<const Published> published, const OpenedSecrets& opened,
                                  const Hash& ctx_hash, std::span<std::uint8_t> sum);

}  // namespace tributary::pairwise
