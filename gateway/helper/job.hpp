// The work of one answer: the sum of the masks of one survivor set, as a value for a worker thread.
#pragma once

#include <cstddef>
#include <vector>

#include "crypto/privacy/sum_noise.hpp"
#include "crypto/sealed_box.hpp"
#include "crypto/secret.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

// Move-only: it holds one seed per survivor. Everything `HelperRole::finish` needs to seal the sum.
struct Job {
  ScopeKey scope;
  crypto::SealStatement statement;  // ctx_hash, survivors_hash, this helper
  ExchangeKey combiner;
  std::uint32_t epoch;  // helper epoch the seeds belong to
  crypto::EncodingPlan encoding;
  privacy::Terms privacy;
  privacy::NoiseKey noise_key;  // of the same epoch
  std::vector<crypto::Seed> seeds;
};

// The sum over the whole set (rule H7: no smaller one is ever made) and this helper's noise (rule H8: the
// same at every retry). Pure CPU, any thread, about seeds * words * word size bytes of ChaCha20.
Bytes run(const Job& job);

}  // namespace tributary::gateway::helper
