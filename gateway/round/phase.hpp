// Where a round stands; what belongs to a phase lives in it and dies with it.
#pragma once

#include <map>
#include <set>
#include <variant>

#include "gateway/round/credit_desk.hpp"
#include "gateway/round/reveal_ledger.hpp"
#include "gateway/round/upload.hpp"

namespace tributary::gateway::round {

struct Collecting {
  explicit Collecting(const Limits& limits, Instant now) : desk(limits), last_arrival(now) {}

  CreditDesk desk;
  std::map<DeviceId, Upload> uploads;       // unfinished
  std::map<DeviceId, std::uint32_t> begun;  // uploads begun, per device
  Instant last_arrival;
};

// The survivors are fixed (rule G2): ascending, all of them have a contribution.
struct Survivors {
  Hash hash;
  std::vector<DeviceId> devices;
};

struct Summing {
  Survivors survivors;
};

// Mode pairwise: the survivors are durable and shown, the witnesses sign them.
struct Witnessing {
  Survivors survivors;
  Instant deadline;
  std::map<std::uint32_t, Signature> vows;  // by member; durable or on their way to the disk
  std::set<std::uint32_t> durable;
};

// Mode pairwise: the quorum is shown, devices open shares.
struct Revealing {
  Survivors survivors;
  Instant deadline;
  RevealLedger ledger;
  bool computing = false;  // a worker has the shares there were
};

struct Submitted {
  Survivors survivors;
};

struct Closed {
  bool released;
};

using Phase = std::variant<Collecting, Summing, Witnessing, Revealing, Submitted, Closed>;

}  // namespace tributary::gateway::round
