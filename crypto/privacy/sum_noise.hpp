// Gaussian noise in the sum of one site's encoded updates (PROTOCOL.md 6.2).
#pragma once

#include "crypto/privacy/ledger.hpp"
#include "crypto/quantise.hpp"
#include "crypto/secret.hpp"

namespace tributary::privacy {

// A party's noise key, from the secret of the epoch the context names: it ends with the epoch.
using NoiseKey = crypto::Secret<struct NoiseKeyTag, 32>;
NoiseKey noise_key(const crypto::ExchangeSecret& epoch_secret);

// Standard deviation of all parties' noise together, in units of the clip: what EncodingPlan::noise
// holds. `parties`: the gateways of the sum and their helpers, each of whom adds its own.
double noise_in_sum(const Terms& terms, std::size_t parties);

// One party's noise in one round. What it is derived from is bound to the answer, so that asking
// again gives the same noise (rule H8).
struct NoiseName {
  TaskId task;
  GatewayId gateway;    // whose sum; of the total of a wider scope: the bytes of its scope_id
  std::uint64_t round;  // from 1
  Hash ctx_hash;
  Hash survivors_hash;
};
// Adds one party's noise to `words`, a sum as `plan` lays it out, modulo 2^bits: model, weight, loss and
// accuracy words, never the canaries. Time O(words), with a band O(round * words). Throws std::invalid_argument
// when the scale is so coarse that the noise would have a standard deviation below 16 units.
void add_sum_noise(const crypto::EncodingPlan& plan, const Terms& terms, const NoiseKey& key,
                   const NoiseName& name, std::span<std::uint8_t> words);

}  // namespace tributary::privacy
