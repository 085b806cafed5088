// Who may upload now: a bounded number of holders, the others wait in line, first come first served.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "gateway/round/plan.hpp"

namespace tributary::gateway::round {

class CreditDesk {
 public:
  explicit CreditDesk(const Limits& limits) : limits_(limits) {}

  enum class Answer { granted, waiting, full };
  // A holder stays one; a device already in line keeps its place.
  Answer request(const DeviceId& device, Instant now);
  // Something arrived from the device.
  void touch(const DeviceId& device, Instant now);
  // The device needs no credit any more, or has left.
  void release(const DeviceId& device);
  // Ends the credits of silent holders.
  void expire(Instant now);
  // The next in line becomes a holder when a place is free.
  std::optional<DeviceId> admit(Instant now);

  std::size_t holders() const { return holders_.size(); }
  std::size_t waiting() const { return in_line_.size(); }

 private:
  bool free_place() const { return holders_.size() < limits_.uploads_in_flight; }

  Limits limits_;
  std::map<DeviceId, Instant> holders_;  // last sign of life
  std::deque<DeviceId> line_;            // first in line at the front
  std::set<DeviceId> in_line_;           // the same devices, to find one
};

}  // namespace tributary::gateway::round
