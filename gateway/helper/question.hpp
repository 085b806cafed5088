// What is asked at once and answered with one sum: one gateway's claim, or those of all gateways of a
// wider scope (rule H7). Every length checked, nothing verified here but that the leaves belong together.
#pragma once

#include "gateway/helper/claim.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

struct Question {
  std::vector<Claim>
      leaves;  // strictly ascending by gateway; one in scope gateway, else at least two
  ScopeKey scope;
  // What refusal and answer name: the claim's hashes; of a wider scope both H("joint", ctx_hash,
  // survivors_hash of each leaf ..).
  ClaimHashes hashes;

  const wire::Context& context() const { return leaves.front().context; }
  // Of all leaves, in order.
  std::vector<DeviceId> devices() const;
};

ClaimHashes question_hashes(const v1::SumRequest& request);
ClaimHashes question_hashes(const v1::JointRequest& request);

// BAD_CONTEXT also: a leaf of a wider scope alone, leaves of different scopes or that differ in anything but
// what is a gateway's own, fewer than two leaves: their total would be one gateway's sum.
std::variant<Question, Fault> parse_question(const v1::SumRequest& request);
std::variant<Question, Fault> parse_question(const v1::JointRequest& request);

// H5 within the question: names every device that is in two leaves.
std::optional<Fault> check_distinct(const Question& question);

}  // namespace tributary::gateway::helper
