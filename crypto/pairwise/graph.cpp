#include "crypto/pairwise/graph.hpp"

#include <algorithm>
#include <stdexcept>

#include "crypto/hash.hpp"
#include "crypto/pairwise/parameters.hpp"
#include "crypto/public_draw.hpp"

namespace tributary::pairwise {

GraphSeed graph_seed(const Hash& roster_root, const Hash& beacon) {
  return GraphSeed{crypto::hash("graph", {roster_root.view(), beacon.view()}).bytes};
}

Graph::Graph(const GraphSeed& seed, std::uint32_t devices, std::uint32_t neighbours)
    : seed_(seed), degree_(neighbours), position_of_(devices) {
  const bool complete = devices >= 2 && neighbours == devices - 1;
  const bool even = neighbours >= 2 && neighbours % 2 == 0 && neighbours < devices;
  if (!complete && !even) {
    throw std::invalid_argument("graph: neighbours are neither even and below n nor n-1");
  }
  if (neighbours > most_neighbours) throw std::invalid_argument("graph: more than 254 neighbours");
  device_at_ = crypto::permutation(Hash{seed.bytes}, devices);
  for (std::uint32_t at = 0; at < devices; ++at) position_of_[device_at_[at]] = at;
}

std::vector<std::uint32_t> Graph::neighbours(std::uint32_t device) const {
  const std::uint32_t n = devices();
  const std::uint32_t at = position_of_.at(device);
  std::vector<std::uint32_t> found;
  found.reserve(degree_);
  // Forward k/2 places, and as many back: the odd one of a complete graph is across the ring.
  const std::uint32_t forward = (degree_ + 1) / 2;
  for (std::uint32_t step = 1; step <= forward; ++step) {
    found.push_back(device_at_[(at + step) % n]);
  }
  for (std::uint32_t step = 1; step <= degree_ - forward; ++step) {
    found.push_back(device_at_[(at + n - step) % n]);
  }
  std::ranges::sort(found);
  return found;
}

bool Graph::adjacent(std::uint32_t a, std::uint32_t b) const {
  const std::uint32_t n = devices();
  const std::uint32_t apart = (position_of_.at(a) + n - position_of_.at(b)) % n;
  const std::uint32_t around = std::min(apart, n - apart);
  return around != 0 && (around <= degree_ / 2 || degree_ == n - 1);
}

std::optional<std::uint8_t> Graph::share_point(std::uint32_t owner, std::uint32_t holder) const {
  if (!adjacent(owner, holder)) return std::nullopt;
  const auto all = neighbours(owner);
  return static_cast<std::uint8_t>(1 + std::ranges::find(all, holder) - all.begin());
}

}  // namespace tributary::pairwise
