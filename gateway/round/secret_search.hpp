// Puts the secrets of a pairwise round together from the shares that were opened. A share does not say
// whether it is right: where the first t of them give something else than what the owner published and
// there are more, others are tried. Pure CPU, for a worker thread.
#pragma once

#include "crypto/pairwise/shamir.hpp"
#include "crypto/pairwise/unmasking.hpp"

namespace tributary::gateway::round {

// Choices of t shares tried for one secret.
inline constexpr std::size_t most_tries = 2000;

struct SecretTerms {
  const pairwise::Graph& graph;
  std::span<const pairwise::Published> published;  // per member
  const std::vector<bool>& survived;               // per member
  std::size_t threshold;
};

struct FoundSecrets {
  pairwise::OpenedSecrets opened;
  std::vector<std::uint32_t> wrong;  // owners whose secret no choice gave, ascending
};

// shares[owner]: opened shares of the secret its fate opens, at distinct points; those beyond the
// threshold are looked at only when needed.
FoundSecrets find_secrets(const SecretTerms& terms,
                          const std::vector<std::vector<pairwise::Share>>& shares);

}  // namespace tributary::gateway::round
