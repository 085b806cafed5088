// A SumRequest as typed values: every length checked, nothing verified here.
#pragma once

#include <variant>
#include <vector>

#include "crypto/ring.hpp"
#include "crypto/upload.hpp"
#include "gateway/helper/fault.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

struct Claim {
  Hash ctx_hash;             // of the bytes received
  v1::RoundContext context;  // ids, hashes, keys and ring bits in it have been checked, see below
  ScopeKey scope;
  Hash roster_hash;
  ExchangeKey combiner;
  crypto::RingBits bits;
  std::size_t words;
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

// BAD_CONTEXT: the context does not decode or a field has a wrong size. BAD_REQUEST: the rest.
std::variant<Claim, Fault> parse_claim(const v1::SumRequest& request);

}  // namespace tributary::gateway::helper
