// Who says which devices survived: W devices of the roster, drawn by the beacon for each slot, of
// whom a quorum q signs. Two sets cannot both be certified when 2q > W + corrupted witnesses: any
// two quorums share more than the corrupted ones, hence an honest witness, which signs one [own].
#pragma once

#include "crypto/pairwise/graph.hpp"

namespace tributary::pairwise {

inline constexpr std::uint32_t most_witnesses = 255;

struct WitnessPlan {
  std::uint32_t witnesses;  // W
  std::uint32_t corrupted;  // at most this many of them, but for a chance of 2^-sigma per slot
  std::uint32_t quorum;     // q = floor((W + corrupted) / 2) + 1
};

// For `corrupt` corrupt devices of n. W is min(wanted, n), 1..255. For a graph used in many slots
// add log2 of their number to sigma. nullopt: q > W - corrupted, so that the corrupted alone could
// keep every certificate from being made; take more witnesses. The other W - q - corrupted may be
// asleep. Throws std::invalid_argument for corrupt > n, n or wanted 0, wanted > 255.
std::optional<WitnessPlan> plan_witnesses(std::uint32_t devices, std::uint32_t corrupt,
                                          std::uint32_t wanted, std::uint32_t sigma);

// The first W places of the permutation of H("witnesses", graph_seed, u32 slot), ascending. Not the
// context: who writes contexts must not be able to try until the draw suits it.
std::vector<std::uint32_t> choose_witnesses(const GraphSeed& graph, std::uint32_t slot,
                                            std::uint32_t devices, std::uint32_t witnesses);

}  // namespace tributary::pairwise
