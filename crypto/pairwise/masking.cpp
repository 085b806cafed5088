#include "crypto/pairwise/masking.hpp"

#include <stdexcept>

#include "crypto/mask.hpp"

namespace tributary::pairwise {
namespace {

void add_and_subtract(crypto::RingBits bits, std::span<const crypto::Seed> added,
                      std::span<const crypto::Seed> subtracted, std::span<std::uint8_t> words) {
  const std::size_t count = words.size() / crypto::word_bytes(bits);
  if (!added.empty()) crypto::ring_add(bits, words, crypto::sum_masks(bits, added, count));
  if (!subtracted.empty()) {
    crypto::ring_subtract(bits, words, crypto::sum_masks(bits, subtracted, count));
  }
}

}  // namespace

std::optional<SignedSeeds> upload_seeds(const Graph& graph, std::span<const MaskKey> keys,
                                        const OwnMaskKeys& own, const Hash& ctx_hash) {
  if (keys.size() != graph.devices()) {
    throw std::invalid_argument("masking: not one mask key per device of the graph");
  }
  SignedSeeds seeds;
  seeds.plus.push_back(self_mask_seed(own.self_seed, ctx_hash));
  const MaskKey own_key = mask_key(own.secret);
  for (const std::uint32_t neighbour : graph.neighbours(own.device)) {
    if (keys[neighbour] == own_key) return std::nullopt;
    auto seed = pair_mask_seed(own.secret, own_key, keys[neighbour], ctx_hash);
    if (!seed) return std::nullopt;
    (own.device < neighbour ? seeds.plus : seeds.minus).push_back(std::move(*seed));
  }
  return seeds;
}

void add_masks(crypto::RingBits bits, const SignedSeeds& seeds, std::span<std::uint8_t> words) {
  add_and_subtract(bits, seeds.plus, seeds.minus, words);
}

void remove_masks(crypto::RingBits bits, const SignedSeeds& seeds, std::span<std::uint8_t> words) {
  add_and_subtract(bits, seeds.minus, seeds.plus, words);
}

}  // namespace tributary::pairwise
