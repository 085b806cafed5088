#include "crypto/pairwise/mask_keys.hpp"

#include <algorithm>

#include "crypto/pairwise/derive.hpp"
#include "crypto/sodium.hpp"

namespace tributary::pairwise {
namespace {

using PairwiseKey = crypto::Secret<struct PairwiseKeyTag, 32>;

}  // namespace

MaskKey mask_key(const MaskSecret& secret) {
  crypto::require_sodium();
  MaskKey key;
  crypto_scalarmult_base(key.bytes.data(), secret.expose().data());
  return key;
}

SeedCommitment commitment(const SelfSeed& seed) {
  return SeedCommitment{crypto::hash("self-seed", {seed.expose()}).bytes};
}

std::optional<crypto::Seed> pair_mask_seed(const MaskSecret& own, const MaskKey& own_key,
                                           const MaskKey& other, const Hash& ctx_hash) {
  crypto::require_sodium();
  std::array<std::uint8_t, crypto_scalarmult_BYTES> shared;
  if (crypto_scalarmult(shared.data(), own.expose().data(), other.bytes.data()) != 0) {
    return std::nullopt;
  }
  const auto& [low, high] = std::minmax(own_key, other);
  const auto key = derive<PairwiseKey>(shared, "pairwise-key", {low.view(), high.view()});
  crypto::wipe(shared);
  return derive<crypto::Seed>(key.expose(), "pairwise-mask", {ctx_hash.view()});
}

crypto::Seed self_mask_seed(const SelfSeed& seed, const Hash& ctx_hash) {
  return derive<crypto::Seed>(seed.expose(), "self-mask", {ctx_hash.view()});
}

}  // namespace tributary::pairwise
