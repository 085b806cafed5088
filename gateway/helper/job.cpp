#include "gateway/helper/job.hpp"

#include "crypto/mask.hpp"

namespace tributary::gateway::helper {

Bytes run(const Job& job) {
  return crypto::sum_masks(job.bits, job.seeds, job.words);
}

}  // namespace tributary::gateway::helper
