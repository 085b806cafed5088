// The sum of a pairwise round's survivors with their masks taken off. For a worker thread.
#pragma once

#include "gateway/engine/known_group.hpp"
#include "gateway/engine/reveal_rows.hpp"
#include "gateway/engine/site_sum.hpp"

namespace tributary::gateway::engine {

// An open round's slot: the group and its members' heads, as the devices saw them.
struct PairwiseRound {
  GroupPtr group;
  std::uint32_t slot;
  std::vector<Bytes> heads;  // by member
};

// Reveals in the order they came: what a holder said first of a place counts. Then as site_sum(); where the
// shares there are do not give a secret, the owners are in `wrong` and there is neither sum nor fault.
struct PairwiseSum {
  SiteSum sum;
  std::vector<std::uint32_t> wrong;
};
PairwiseSum pairwise_sum(ChunkJournal& journal, const Admitted& round,
                         const PairwiseRound& pairwise, const Hash& survivors_hash,
                         std::span<const round::Contribution> survivors,
                         const std::vector<round::StoreReveal>& reveals,
                         const privacy::NoiseKey& noise_key);

}  // namespace tributary::gateway::engine
