#include "tests/unit/pairwise/round_world.hpp"

#include <algorithm>

namespace tributary::tests {
namespace {

using namespace pairwise;

template <class Type>
Type derived(std::string_view label, std::string_view name, std::uint32_t device) {
  return *Type::from(crypto::hash(label, {view_of(name), crypto::le32(device)}).view());
}

GraphSeed seed_of(std::string_view name) {
  return graph_seed(crypto::hash("test-roster", {view_of(name)}),
                    crypto::hash("test-beacon", {view_of(name)}));
}

template <class Secret>
SharedSecret shared(const Secret& secret) {
  return *SharedSecret::from(secret.expose());
}

// The shares of one secret of `owner` that the survivors hold; nullopt: too few.
std::optional<SharedSecret> together(const RoundWorld& world, const std::vector<Share>& shares,
                                     std::uint32_t owner,
                                     std::span<const std::uint32_t> survivors) {
  std::vector<Share> held;
  for (const std::uint32_t survivor : survivors) {
    if (const auto point = world.graph.share_point(owner, survivor)) {
      held.push_back({*point, shares[*point - 1U].value.clone()});
    }
  }
  auto secret = reconstruct(held, world.threshold);
  if (!secret) return std::nullopt;
  return std::move(*secret);
}

}  // namespace

RoundWorld::RoundWorld(std::uint32_t devices, std::uint32_t neighbours, std::size_t share_threshold,
                       std::string_view name)
    : graph(seed_of(name), devices, neighbours),
      threshold(share_threshold),
      ctx_hash(crypto::hash("test-context", {view_of(name)})) {
  for (std::uint32_t device = 0; device < devices; ++device) {
    secrets.push_back(derived<MaskSecret>("test-secret", name, device));
    self_seeds.push_back(derived<SelfSeed>("test-seed", name, device));
    published.push_back({mask_key(secrets[device]), commitment(self_seeds[device])});
    keys.push_back(published[device].key);
    secret_shares.push_back(split(shared(secrets[device]), threshold, neighbours));
    seed_shares.push_back(split(shared(self_seeds[device]), threshold, neighbours));
  }
}

Bytes RoundWorld::plain(std::uint32_t device) const {
  Bytes bytes(words * crypto::word_bytes(bits));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(17 * i + 31 * device + i * device);
  }
  return bytes;
}

Bytes RoundWorld::upload(std::uint32_t device) const {
  Bytes bytes = plain(device);
  const auto seeds =
      upload_seeds(graph, keys, {device, secrets[device], self_seeds[device]}, ctx_hash);
  add_masks(bits, *seeds, bytes);
  return bytes;
}

std::optional<OpenedSecrets> RoundWorld::opened(std::span<const std::uint32_t> survivors) const {
  OpenedSecrets opened;
  for (std::uint32_t device = 0; device < devices(); ++device) {
    const bool alive = std::ranges::binary_search(survivors, device);
    const auto& shares = alive ? seed_shares[device] : secret_shares[device];
    const auto secret = together(*this, shares, device, survivors);
    if (!secret) return std::nullopt;
    if (alive) {
      opened.survivors.push_back({device, *SelfSeed::from(secret->expose())});
    } else {
      opened.dropped.push_back({device, *MaskSecret::from(secret->expose())});
    }
  }
  return opened;
}

std::vector<std::uint32_t> others(std::uint32_t devices, std::span<const std::uint32_t> survivors) {
  std::vector<std::uint32_t> rest;
  for (std::uint32_t device = 0; device < devices; ++device) {
    if (!std::ranges::binary_search(survivors, device)) rest.push_back(device);
  }
  return rest;
}

}  // namespace tributary::tests
