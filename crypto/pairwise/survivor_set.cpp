#include "crypto/pairwise/survivor_set.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace tributary::pairwise {

std::optional<SurvivorSet> SurvivorSet::from(std::uint32_t devices,
                                             std::vector<std::uint32_t> alive) {
  const bool ascending = std::ranges::adjacent_find(alive, std::greater_equal{}) == alive.end();
  if (!ascending || (!alive.empty() && alive.back() >= devices)) return std::nullopt;
  return SurvivorSet(devices, std::move(alive));
}

bool SurvivorSet::contains(std::uint32_t device) const {
  return std::ranges::binary_search(alive_, device);
}

Hash SurvivorSet::hash(const RoundName& round) const {
  crypto::PartHasher hasher("survivor-set");
  hasher.part(round.graph.view());
  hasher.part(round.ctx_hash.view());
  hasher.part(crypto::le32(round.slot));
  hasher.part(crypto::le32(devices_));
  hasher.begin_part(static_cast<std::uint32_t>(4 * alive_.size()));
  for (const std::uint32_t device : alive_) hasher.piece(crypto::le32(device));
  return hasher.finish();
}

}  // namespace tributary::pairwise
