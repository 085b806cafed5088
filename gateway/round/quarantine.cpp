#include "gateway/round/quarantine.hpp"

#include <algorithm>

namespace tributary::gateway::round {
namespace {

std::uint32_t faded(std::uint32_t points, std::chrono::milliseconds passed) {
  const auto lost = static_cast<std::uint64_t>(passed / Quarantine::point_life);
  return points - static_cast<std::uint32_t>(std::min<std::uint64_t>(points, lost));
}

}  // namespace

std::uint32_t Quarantine::points(v1::RejectReason reason) {
  switch (reason) {
    case v1::REJECT_MALFORMED:
    case v1::REJECT_BAD_CERTIFICATE:
    case v1::REJECT_BAD_DIGEST:
    case v1::REJECT_BAD_TICKETS:
      return 8;
    // One lost credit or key makes a whole burst of these.
    case v1::REJECT_BAD_CHUNK:
    case v1::REJECT_OVER_CREDIT:
    case v1::REJECT_DUPLICATE:
    case v1::REJECT_UNKNOWN_DEVICE:
    case v1::REJECT_REVOKED:
    case v1::REJECT_UNKNOWN_ROUND:
    case v1::REJECT_VERSION:
    case v1::REJECT_NOT_SELECTED:
    case v1::REJECT_LATE:
    case v1::REJECT_ROUND_FULL:
      return 1;
    default:  // the gateway's own troubles
      return 0;
  }
}

bool Quarantine::charge(const DeviceId& device, std::uint32_t points, Instant now) {
  if (points == 0) return false;
  auto found = records_.find(device);
  if (found == records_.end()) {
    if (records_.size() >= most_devices) {
      std::erase_if(records_, [&](const auto& entry) {
        return faded(entry.second.points, now - entry.second.counted_at) == 0 &&
               now >= entry.second.until;
      });
      if (records_.size() >= most_devices) return false;
    }
    found = records_.emplace(device, Record{0, now, now - memory, {}}).first;
  }
  Record& record = found->second;
  if (now < record.until) return false;
  if (now >= record.until + memory) record.length = {};
  record.points = faded(record.points, now - record.counted_at) + points;
  record.counted_at = now;
  if (record.points < most_points) return false;
  record.length = std::clamp<std::chrono::milliseconds>(2 * record.length, shortest, longest);
  record.until = now + record.length;
  record.points = 0;
  return true;
}

void Quarantine::progress(const DeviceId& device) {
  const auto found = records_.find(device);
  if (found != records_.end() && found->second.points > 0) --found->second.points;
}

bool Quarantine::holds(const DeviceId& device, Instant now) const {
  return left(device, now) > std::chrono::milliseconds(0);
}

std::chrono::milliseconds Quarantine::left(const DeviceId& device, Instant now) const {
  const auto found = records_.find(device);
  if (found == records_.end()) return std::chrono::milliseconds(0);
  return std::max(found->second.until - now, std::chrono::milliseconds(0));
}

std::size_t Quarantine::held(Instant now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(records_, [&](const auto& entry) { return now < entry.second.until; }));
}

}  // namespace tributary::gateway::round
