// What a site's survivors add up to, as the round's mode and terms say. For a worker thread.
#pragma once

#include "crypto/privacy/sum_noise.hpp"
#include "gateway/engine/admission.hpp"

namespace tributary::gateway::engine {

struct SiteSum {
  std::string fault;  // why there is none; the words are empty then
  Bytes words;
  std::vector<DeviceId> left_out;  // by the rule over devices
};

// Bytes that a rule over devices takes while it looks at `devices` updates: each as words and as floats.
std::uint64_t rule_bytes(const wire::Context& context, std::uint64_t devices);

// The same bytes each time for the same survivors. Split trust, and the rule mean: the exact sum in memory O(d).
// Another rule: rule_bytes(). The context's noise is added under `noise_key`. Throws storage::Failure.
SiteSum site_sum(ChunkJournal& journal, const Admitted& round, const Hash& survivors_hash,
                 std::span<const round::Contribution> survivors,
                 const privacy::NoiseKey& noise_key);

// Adds the context's noise, if it asks for some; the same for the same survivors.
void add_gateway_noise(const Admitted& round, const Hash& survivors_hash,
                       const privacy::NoiseKey& noise_key, Bytes& words);

}  // namespace tributary::gateway::engine
