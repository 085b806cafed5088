#include "crypto/privacy/sum_noise.hpp"

#include <cmath>

#include "crypto/hash.hpp"
#include "crypto/privacy/gaussian_noise.hpp"

namespace tributary::privacy {
namespace {

constexpr std::size_t metric_words = 3;

crypto::Seed seed_of(const std::array<std::uint8_t, 32>& bytes) {
  return *crypto::Seed::from(bytes);
}

// Independent noise is bound to the survivors: a party that is shown two sets gives two noises.
crypto::Seed seed_for(const NoiseKey& key, const NoiseName& name) {
  return seed_of(
      crypto::kdf(key.expose(), "noise", {name.ctx_hash.view(), name.survivors_hash.view()}));
}

// Correlated noise is bound to the round: later rounds must be able to make it again. Which survivors
// it was used with is for the one-time record to see to.
crypto::Seed seed_for(const NoiseKey& key, const NoiseName& name, std::uint64_t round) {
  return seed_of(crypto::kdf(key.expose(), "noise-row",
                             {name.task.view(), name.gateway.view(), crypto::le64(round)}));
}

std::vector<double> unit_noise(const Terms& terms, const NoiseKey& key, const NoiseName& name,
                               std::size_t size) {
  std::vector<double> noise(size);
  if (terms.band == 1) {
    gaussian_noise(seed_for(key, name), 1, noise);
    return noise;
  }
  const auto fresh = [&](std::uint32_t row, std::span<double> z) {
    gaussian_noise(seed_for(key, name, row + 1), 1, z);
  };
  BandedRoot(terms.band).noise(static_cast<std::uint32_t>(name.round - 1), fresh, noise);
  return noise;
}

}  // namespace

NoiseKey noise_key(const crypto::ExchangeSecret& epoch_secret) {
  return *NoiseKey::from(crypto::kdf(epoch_secret.expose(), "noise-key", {}));
}

double noise_in_sum(const Terms& terms, std::size_t parties) {
  return terms.noise_multiplier * std::sqrt(static_cast<double>(parties));
}

void add_sum_noise(const crypto::EncodingPlan& plan, const Terms& terms, const NoiseKey& key,
                   const NoiseName& name, std::span<std::uint8_t> words) {
  const auto sigma = plan.noise_deviation(terms.noise_multiplier);
  require_fine_grid(sigma.model);
  require_fine_grid(sigma.metric);
  const auto noise = unit_noise(terms, key, name, plan.parameters + metric_words);
  std::vector<std::int64_t> rounded(noise.size());
  for (std::size_t j = 0; j < noise.size(); ++j) {
    const double deviation = j < plan.parameters ? sigma.model : sigma.metric;
    rounded[j] = std::llround(deviation * noise[j]);
  }
  const auto addend = crypto::ring_words(plan.bits, rounded);
  crypto::ring_add(plan.bits, words.first(addend.size()), addend);
}

}  // namespace tributary::privacy
