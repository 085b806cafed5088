// One gateway's part of a global round, by phase.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::cloud::round {

struct PartTerms {
  GatewayId gateway;
  std::vector<HelperId> helpers;  // 1..3; none: the gateway's sum is not masked
  std::uint32_t n_min;
  // Of a scope wider than this gateway: which one, and what helpers call this gateway's part of it.
  struct Wide {
    ScopeId scope;
    Hash ctx_hash;
  };
  std::optional<Wide> wide = {};
};

// `statement`: hash over all that the sender signed, to tell a repetition from a contradiction.
struct SumGiven {
  Hash statement;
  Hash survivors_hash;
  std::vector<DeviceId> survivors;  // ascending
};
struct MaskGiven {
  Hash statement;
  Hash survivors_hash;  // of a wider scope: H("joint", ..) over its leaves; so in Refused
  HelperId helper;
};
struct Refused {
  Hash statement;
  Hash survivors_hash;
  HelperId helper;
  std::string reason;             // in words
  std::vector<DeviceId> devices;  // at fault; empty: the refusal is not about single devices
};

// The context is issued, the gateway collects.
struct Offered {};
// In a wider scope: the sum is here, and waits for those of the scope's other gateways.
struct Given {
  SumGiven sum;
};
// The sum is here, helpers are asked; all leaves of a wider scope that are asked for at once, with the same
// answers.
struct Masking {
  SumGiven sum;
  std::vector<MaskGiven> answers;
};
// A helper refused devices and no helper has answered: the gateway sums again without them.
struct Dropping {
  SumGiven refused_sum;
  std::vector<Refused> refusals;
};
// All mask sums are here; a worker subtracts them.
struct Combining {
  SumGiven sum;
  std::vector<MaskGiven> answers;
};
struct Combined {
  SumGiven sum;
  std::vector<MaskGiven> answers;
};
// Not in the release: `reason` in words. `answered`: helpers whose one answer is spent.
struct LeftOut {
  std::string reason;
  std::set<HelperId> answered;
  bool down = false;  // left out because the gateway is silent
};
using PartPhase = std::variant<Offered, Given, Masking, Dropping, Combining, Combined, LeftOut>;

struct Part {
  PartTerms terms;
  PartPhase phase;
};

// For records and the operator: offered, given, masking, dropping, combining, combined, left-out.
std::string_view phase_name(const PartPhase& phase);
std::string left_out_reason(const PartPhase& phase);  // empty unless LeftOut
// The sum that counts in this phase, nullptr when there is none.
const SumGiven* sum_of(const PartPhase& phase);
// Helpers that have answered, which each does once.
std::set<HelperId> answered_in(const PartPhase& phase);
void leave_out(Part& part, std::string reason, bool down = false);
// Whether a list in ascending order holds any of these.
bool any_in(const std::vector<DeviceId>& ascending, const std::vector<DeviceId>& devices);

}  // namespace tributary::cloud::round
