// The state machine of one global round over several gateways: events in, verdicts and effects out.
// Deterministic and free of I/O: replaying the accepted events in order gives the same state, which
// is how a restarted coordinator resumes. One thread.
//
// Driver's duties, in order, for each event:
//   1. call the machine; 2. when the verdict is `accepted`, make the event durable before anything
//   else leaves the process; 3. carry out the effects. Outcome::effects is empty unless the verdict
//   is `accepted`.
#pragma once

#include <chrono>
#include <set>

#include "cloud/round/outcome.hpp"
#include "cloud/round/part.hpp"

namespace tributary::cloud::round {

using UnixTime = std::chrono::sys_seconds;

struct RoundRules {
  std::uint32_t least_contributions = 0;
  std::uint32_t gateway_quorum = 0;  // 0 = all that are not down
  UnixTime sums_due;                 // deadline plus grace: a part without a sum is left out
  UnixTime masks_due;                // a part without all its mask sums is left out
};
// Time for sums and mask sums to travel after the deadline: 30 s, or a tenth of the round.
RoundRules rules_for(std::uint32_t least_contributions, std::uint32_t gateway_quorum,
                     UnixTime deadline, std::chrono::seconds length);

class GlobalRound {
 public:
  GlobalRound(RoundRules rules, std::vector<PartTerms> parts);

  // Signatures, hashes and rosters have been checked by the caller (statements.hpp). What is about a wider
  // scope as a whole (masks, refusals, asked, combined) names any of its leaves as `part`.
  Outcome on_sum(std::size_t part, const SumGiven& sum);
  Outcome on_mask_sum(std::size_t part, const MaskGiven& mask);
  Outcome on_refusal(std::size_t part, const Refused& refusal);
  Outcome on_gateway_abandon(std::size_t part, const std::string& reason);
  // The helpers of a wider scope are about to be shown the question `joint`: it must be over the leaves that
  // have given their sums. The scope's other gateways have missed the round.
  Outcome on_asked(std::size_t part, const Hash& joint);
  // `fault`: empty, or why the sum is burnt (rules C1..C3). It is never retried (C5).
  Outcome on_combined(std::size_t part, const std::string& fault);
  // `down`: gateways that have been silent for long; they do not count against a quorum of 0.
  Outcome on_time(UnixTime now, const std::set<GatewayId>& down);
  // The operator or a failure of ours ends it.
  Outcome on_stop(const std::string& reason);

  const std::vector<Part>& parts() const { return parts_; }
  bool closed() const { return closed_; }  // Release or Abandon has been given out
  // Every part has its sum or is left out: only masks and arithmetic are outstanding.
  bool sums_complete() const;
  std::uint32_t contributions() const;  // survivors of the combined parts

 private:
  std::optional<Outcome> refuse_closed() const;
  void settle_scopes(Outcome& outcome);
  Outcome settled(Outcome outcome);
  std::size_t gateways_needed() const;
  Abandon abandon(std::string reason) const;

  RoundRules rules_;
  std::vector<Part> parts_;
  std::set<GatewayId> down_;
  bool closed_ = false;
};

}  // namespace tributary::cloud::round
