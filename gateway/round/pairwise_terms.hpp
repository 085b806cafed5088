// What mode pairwise adds to a round's plan: who masks with whom, who witnesses, and how long the two
// steps after the uploads may take. The same for all rounds of a slot, immutable.
#pragma once

#include <algorithm>
#include <optional>

#include "crypto/pairwise/graph.hpp"
#include "gateway/round/plan.hpp"

namespace tributary::gateway::round {

struct PairwiseTerms {
  pairwise::Graph graph;
  std::vector<DeviceId> members;         // ascending; a member's index is its place here
  std::vector<std::uint32_t> witnesses;  // drawn for the slot, ascending
  std::uint32_t quorum;                  // of them
  std::uint32_t threshold;               // shares that open a secret
  std::chrono::milliseconds witness_time;
  std::chrono::milliseconds reveal_time;

  std::optional<std::uint32_t> index_of(const DeviceId& device) const {
    const auto found = std::lower_bound(members.begin(), members.end(), device);
    if (found == members.end() || *found != device) return std::nullopt;
    return static_cast<std::uint32_t>(found - members.begin());
  }
};

}  // namespace tributary::gateway::round
