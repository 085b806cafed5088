#include "crypto/pairwise/unmasking.hpp"

#include <stdexcept>

namespace tributary::pairwise {
namespace {

using Kind = UnmaskFault::Kind;

enum class Fate : std::uint8_t { unknown, alive, dropped };

// Marks one list; the first device that is unknown, marked already or out of order.
template <class Opened>
std::optional<UnmaskFault> mark(const std::vector<Opened>& list, Fate fate,
                                std::vector<Fate>& fates) {
  std::int64_t last = -1;
  for (const auto& opened : list) {
    if (opened.device >= fates.size() || fates[opened.device] != Fate::unknown ||
        opened.device <= last) {
      return UnmaskFault{Kind::not_a_partition, opened.device};
    }
    fates[opened.device] = fate;
    last = opened.device;
  }
  return std::nullopt;
}

Outcome<std::vector<Fate>, UnmaskFault> fates_of(std::uint32_t devices,
                                                 const OpenedSecrets& opened) {
  std::vector<Fate> fates(devices);
  if (const auto fault = mark(opened.survivors, Fate::alive, fates)) return *fault;
  if (const auto fault = mark(opened.dropped, Fate::dropped, fates)) return *fault;
  for (std::uint32_t device = 0; device < devices; ++device) {
    if (fates[device] == Fate::unknown) return UnmaskFault{Kind::not_a_partition, device};
  }
  return fates;
}

// Masks the dropped device's surviving neighbours made with it, with the neighbours' signs.
std::optional<UnmaskFault> add_edges(const Graph& graph, std::span<const Published> published,
                                     const std::vector<Fate>& fates, const DroppedSecret& dropped,
                                     const Hash& ctx_hash, SignedSeeds& seeds) {
  for (const std::uint32_t neighbour : graph.neighbours(dropped.device)) {
    if (fates[neighbour] != Fate::alive) continue;
    auto seed = pair_mask_seed(dropped.secret, published[dropped.device].key,
                               published[neighbour].key, ctx_hash);
    if (!seed) return UnmaskFault{Kind::unusable_key, neighbour};
    (neighbour < dropped.device ? seeds.plus : seeds.minus).push_back(std::move(*seed));
  }
  return std::nullopt;
}

}  // namespace

Outcome<SignedSeeds, UnmaskFault> remaining_seeds(const Graph& graph,
                                                  std::span<const Published> published,
                                                  const OpenedSecrets& opened,
                                                  const Hash& ctx_hash) {
  if (published.size() != graph.devices()) {
    throw std::invalid_argument("unmasking: not one published key per device of the graph");
  }
  const auto fates = fates_of(graph.devices(), opened);
  if (!fates) return fates.reason();
  for (const SurvivorSeed& survivor : opened.survivors) {
    if (commitment(survivor.seed) != published[survivor.device].commitment) {
      return UnmaskFault{Kind::wrong_seed, survivor.device};
    }
  }
  for (const DroppedSecret& dropped : opened.dropped) {
    if (mask_key(dropped.secret) != published[dropped.device].key) {
      return UnmaskFault{Kind::wrong_secret, dropped.device};
    }
  }
  SignedSeeds seeds;
  for (const SurvivorSeed& survivor : opened.survivors) {
    seeds.plus.push_back(self_mask_seed(survivor.seed, ctx_hash));
  }
  for (const DroppedSecret& dropped : opened.dropped) {
    if (const auto fault = add_edges(graph, published, *fates, dropped, ctx_hash, seeds)) {
      return *fault;
    }
  }
  return seeds;
}

std::optional<UnmaskFault> unmask(crypto::RingBits bits, const Graph& graph,
                                  std::span<const Published> published, const OpenedSecrets& opened,
                                  const Hash& ctx_hash, std::span<std::uint8_t> sum) {
  const auto seeds = remaining_seeds(graph, published, opened, ctx_hash);
  if (!seeds) return seeds.reason();
  remove_masks(bits, *seeds, sum);
  return std::nullopt;
}

}  // namespace tributary::pairwise
