// A SumRequest as typed values: every length checked, nothing verified here.
#pragma once

#include <variant>
#include <vector>

#include "crypto/upload.hpp"
#include "device-protocol/cpp/context.hpp"
#include "gateway/helper/fault.hpp"

namespace tributary::gateway::helper {

struct Claim {
  wire::Context context;
  HelperId helper;
  std::vector<crypto::SurvivorEntry> survivors;  // at least one, strictly ascending
  std::vector<Ticket> tickets;                   // one per survivor
  Hash survivors_hash;
  Signature gateway_signature;
};

// What a refusal must name even when the request cannot be read: both hashes, the second all zero
// when the survivors are not strictly ascending entries of the right sizes.
struct ClaimHashes {
  Hash ctx_hash;
  Hash survivors_hash;
};
ClaimHashes claim_hashes(const v1::SumRequest& request);

// BAD_CONTEXT: the context does not parse (wire::parse_context). BAD_REQUEST: the rest.
std::variant<Claim, Fault> parse_claim(const v1::SumRequest& request);

}  // namespace tributary::gateway::helper
