// Devices with identities, epoch keys and prekeys of one slot, and the wake-ups of a round.
#pragma once

#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/reveal.hpp"
#include "crypto/pairwise/unmasking.hpp"

namespace tributary::tests {

struct FleetDevice {
  crypto::SigningKey identity;
  crypto::ExchangeSecret epoch;
  pairwise::RosterDevice listed;
  pairwise::PrekeyChain chain;
};

struct FleetWorld {
  FleetWorld(std::uint32_t count, std::uint32_t neighbours, std::uint8_t share_threshold);

  pairwise::ShareParties parties(std::uint32_t owner, std::uint32_t holder) const;
  // Keys of one owner to its holders, by place; of one holder for one owner.
  std::vector<pairwise::SharePairKey> owner_keys(std::uint32_t owner) const;
  pairwise::SharePairKey holder_key(std::uint32_t owner, std::uint32_t holder) const;
  pairwise::Prekey prekey(std::uint32_t owner) const;
  pairwise::PrekeyTerms terms() const { return {graph, threshold, slot}; }

  pairwise::RoundName round() const { return {graph.seed(), ctx_hash, slot}; }
  pairwise::RevealTerms reveal_terms(std::uint32_t device) const;
  // Signed by the first `signers` witnesses, each of which signs whatever it is shown.
  pairwise::SurvivorCertificate certificate(const pairwise::SurvivorSet& survivors,
                                            std::size_t signers) const;

  pairwise::Graph graph;
  std::uint8_t threshold;
  std::uint32_t slot = 3;
  Hash ctx_hash = crypto::hash("test-context", {});
  std::vector<FleetDevice> devices;
  std::vector<pairwise::Witness> chosen;  // six witnesses of the slot
  std::size_t quorum = 4;
};

}  // namespace tributary::tests
