// Where a round stands; what belongs to a phase lives in it and dies with it.
#pragma once

#include <map>
#include <variant>

#include "gateway/round/credit_desk.hpp"
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

struct Submitted {
  Survivors survivors;
};

struct Closed {
  bool released;
};

using Phase = std::variant<Collecting, Summing, Submitted, Closed>;

}  // namespace tributary::gateway::round
