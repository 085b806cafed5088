// One errand of the helper role from request to signed answer, as its drivers run it: checks, the sum, the
// seal. Blocks for as long as the sum takes; on whatever thread drives the role, one at a time.
#pragma once

#include "gateway/helper/helper_role.hpp"
#include "storage/failure.hpp"

namespace tributary::gateway::helper {

// What there is to send, if anything, and to say.
struct Errand {
  enum class Kind { nothing, mask_sum, mask_refusal, void_statement };
  Kind kind = Kind::nothing;
  Hash ctx_hash{};                                // of mask_sum and mask_refusal
  std::string body;                               // as HelperRole made it; send it until it is kept
  std::string text;                               // for the log, empty: nothing to say
  std::optional<std::chrono::seconds> wait = {};  // nothing was decided, ask again then
  // The medium failed, or what it holds makes no sense: the program is to end, for only opening the database
  // again tells which promises are on it. There is nothing to send.
  std::optional<storage::Failure> broken = {};
};

// Where a crash would be remembered differently: the promise is durable; the hash of the answer is.
enum class Step { recorded, answered };
using Reached =
    void (*)(Step);  // told of each, for tests that kill the program there; may be nullptr

// `rosters`: the bytes of the rosters the leaves' contexts name, in their order. A full disk is a text and a
// wait: nothing has been promised then.
Errand sum_errand(HelperRole& role, const v1::SumRequest& request, std::string_view roster,
                  UnixTime now, Reached reached = nullptr);
Errand sum_errand(HelperRole& role, const v1::JointRequest& request,
                  std::span<const std::string_view> rosters, UnixTime now,
                  Reached reached = nullptr);
Errand void_errand(HelperRole& role, const v1::RoundScope& scope, UnixTime now);
// Begins a new epoch: a wait says that it could not be begun yet.
Errand rotate_errand(HelperRole& role, UnixTime now);

}  // namespace tributary::gateway::helper
