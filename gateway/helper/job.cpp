#include "gateway/helper/job.hpp"

#include "crypto/mask.hpp"

namespace tributary::gateway::helper {

Bytes run(const Job& job) {
  Bytes words = crypto::sum_masks(job.encoding.bits, job.seeds, job.encoding.words());
  if (job.privacy.noise_multiplier > 0) {
    const auto& statement = job.statement;
    privacy::add_sum_noise(job.encoding, job.privacy, job.noise_key,
                           {job.scope.task, *GatewayId::from(job.scope.place_bytes()),
                            job.scope.round, statement.ctx_hash, statement.survivors_hash},
                           words);
  }
  return words;
}

}  // namespace tributary::gateway::helper
