// Who masks with whom: the Harary graph H(n, k) over a random order of the devices (Bell et al.
// 2020, section 3). A device is its index in the roster, 0..n-1. Two devices are neighbours when
// their positions on the ring differ by at most k/2. The beacon is fixed after the roster, so that
// nobody chooses a neighbour.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::pairwise {

// Names the graph: all derivations of the mode are bound to it.
using GraphSeed = Fixed<struct GraphSeedTag, 32>;
// H("graph", roster_root, beacon)
GraphSeed graph_seed(const Hash& roster_root, const Hash& beacon);

// Memory 8 n bytes; immutable.
class Graph {
 public:
  // n >= 2 devices; k neighbours each, even and below n, or n-1 (complete). At most 254 neighbours
  // (most_neighbours): one Shamir point each. Throws std::invalid_argument otherwise.
  Graph(const GraphSeed& seed, std::uint32_t devices, std::uint32_t neighbours);

  const GraphSeed& seed() const { return seed_; }
  std::uint32_t devices() const { return static_cast<std::uint32_t>(device_at_.size()); }
  std::uint32_t degree() const { return degree_; }
  const std::vector<std::uint32_t>& ring() const { return device_at_; }  // position -> device

  // Ascending; exactly degree() of them. Throws std::out_of_range for a device >= n.
  std::vector<std::uint32_t> neighbours(std::uint32_t device) const;
  bool adjacent(std::uint32_t a, std::uint32_t b) const;
  // The Shamir point of `holder` among the shares of `owner`: 1 + its place in neighbours(owner).
  // nullopt when they are not neighbours.
  std::optional<std::uint8_t> share_point(std::uint32_t owner, std::uint32_t holder) const;

 private:
  GraphSeed seed_;
  std::uint32_t degree_;
  std::vector<std::uint32_t> device_at_;
  std::vector<std::uint32_t> position_of_;
};

}  // namespace tributary::pairwise
