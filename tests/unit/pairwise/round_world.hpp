// A whole pairwise round in memory: devices with secrets, shares with their neighbours, uploads.
#pragma once

#include "crypto/pairwise/shamir.hpp"
#include "crypto/pairwise/unmasking.hpp"

namespace tributary::tests {

struct RoundWorld {
  // Every secret is derived from `name`; shares use the system's randomness.
  RoundWorld(std::uint32_t devices, std::uint32_t neighbours, std::size_t share_threshold,
             std::string_view name);

  std::uint32_t devices() const { return graph.devices(); }
  // Device's words before and after masking.
  Bytes plain(std::uint32_t device) const;
  Bytes upload(std::uint32_t device) const;
  // What survivors (ascending) reveal of each device, put together. nullopt: some device has fewer
  // surviving neighbours than the threshold.
  std::optional<pairwise::OpenedSecrets> opened(std::span<const std::uint32_t> survivors) const;

  pairwise::Graph graph;
  std::size_t threshold;
  crypto::RingBits bits = crypto::RingBits::b24;
  std::size_t words = 40;
  Hash ctx_hash;
  std::vector<pairwise::MaskSecret> secrets;
  std::vector<pairwise::SelfSeed> self_seeds;
  std::vector<pairwise::Published> published;
  std::vector<pairwise::MaskKey> keys;
  std::vector<std::vector<pairwise::Share>> secret_shares;  // [owner][point - 1]
  std::vector<std::vector<pairwise::Share>> seed_shares;
};

// All devices but those of `survivors`, ascending.
std::vector<std::uint32_t> others(std::uint32_t devices, std::span<const std::uint32_t> survivors);

}  // namespace tributary::tests
