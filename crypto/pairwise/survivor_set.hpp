// Whose uploads are in the sum of a round, and the hash everybody agrees on.
#pragma once

#include "crypto/pairwise/graph.hpp"

namespace tributary::pairwise {

// A round of the mode. Slots are numbered without a restart as long as a device keeps its identity,
// also over new rosters: what is said once about a slot is said for ever.
struct RoundName {
  GraphSeed graph;
  Hash ctx_hash;
  std::uint32_t slot;
  bool operator==(const RoundName&) const = default;
};

class SurvivorSet {
 public:
  // nullopt: not strictly ascending, or an index that is not below `devices`.
  static std::optional<SurvivorSet> from(std::uint32_t devices, std::vector<std::uint32_t> alive);

  std::uint32_t devices() const { return devices_; }
  std::size_t size() const { return alive_.size(); }
  const std::vector<std::uint32_t>& alive() const { return alive_; }
  bool contains(std::uint32_t device) const;  // O(log n)
  // H("survivor-set", graph seed, ctx_hash, u32 slot, u32 devices, u32 of each survivor ..)
  Hash hash(const RoundName& round) const;

 private:
  SurvivorSet(std::uint32_t devices, std::vector<std::uint32_t> alive)
      : devices_(devices), alive_(std::move(alive)) {}
  std::uint32_t devices_;
  std::vector<std::uint32_t> alive_;
};

}  // namespace tributary::pairwise
