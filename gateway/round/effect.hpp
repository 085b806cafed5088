// What a round wants done. Carry effects out in order. StoreContribution, ForgetContribution,
// FixSurvivors, StoreVow, StoreReveal, SubmitSum, Abandon and DeleteUpdates change the disk: each is
// durable before the next of them is, and those that are answered by an event are answered only when durable.
#pragma once

#include <string>
#include <variant>

#include "gateway/round/contribution.hpp"
#include "tributary.pb.h"

namespace tributary::gateway::round {

struct ChunkSpan {
  std::uint32_t first;
  std::uint32_t count;
  bool operator==(const ChunkSpan&) const = default;
};

struct GrantCredit {
  DeviceId device;
  Nonce nonce;
  std::vector<ChunkSpan> spans;  // at most 8; empty: everything is here, send the header
};

struct SendReceipt {
  DeviceId device;
  Nonce nonce;
  Hash digest;
};

struct SendReject {
  DeviceId device;
  Nonce nonce;
  v1::RejectReason reason;
  std::uint32_t retry_after_seconds;  // 0: this upload is over
};

struct StoreContribution {  // answered by ContributionDurable
  Contribution contribution;
};

struct ForgetContribution {
  DeviceId device;
};

struct FixSurvivors {  // answered by SurvivorsDurable; replaces an earlier set
  Hash survivors_hash;
  std::vector<DeviceId> devices;  // ascending
};

struct ComputeSum {  // answered by SumReady or SumFailed; in mode pairwise also by SecretsWrong
  Hash survivors_hash;
  std::vector<Contribution> survivors;  // ascending by device
};

struct SubmitSum {
  Hash survivors_hash;
  std::vector<Contribution> survivors;  // ascending by device
  Bytes words;
};

struct Abandon {
  std::uint32_t count;  // contributions held
  std::string reason;
};

// The round takes no uploads any more: clear its offer and model on the broker.
struct RetireOffer {};

// Remove journal and contributions, and everything the round has on the broker; it is over.
struct DeleteUpdates {};

// Mode pairwise. Retain the survivors; they are durable.
struct ShowClosing {
  std::vector<std::uint32_t> survivors;  // members, ascending
};

struct StoreVow {  // answered by VowDurable
  std::uint32_t witness;
  Signature signature;
};

// Retain a vow that is durable.
struct ShowVow {
  std::uint32_t witness;
  Signature signature;
};

// The sealed shares a holder is to open: of its neighbours from `place` on, of the secret that each
// one's fate opens. Also the receipt of everything before that place.
struct SendShares {
  DeviceId device;
  std::uint32_t holder;  // its index
  std::uint32_t place;
  struct Wanted {
    std::uint32_t owner;
    bool survived;
    bool operator==(const Wanted&) const = default;
  };
  std::vector<Wanted> shares;  // at most 16; none: nothing is missing
};

struct StoreReveal {  // answered by RevealDurable
  DeviceId device;
  std::uint32_t place;
  std::vector<bool> opened;
  Bytes entries;  // secret
};

using Effect =
    std::variant<GrantCredit, SendReceipt, SendReject, StoreContribution, ForgetContribution,
                 FixSurvivors, ComputeSum, SubmitSum, Abandon, RetireOffer, DeleteUpdates,
                 ShowClosing, StoreVow, ShowVow, SendShares, StoreReveal>;
using Effects = std::vector<Effect>;

}  // namespace tributary::gateway::round
