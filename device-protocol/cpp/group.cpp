#include "device-protocol/cpp/group.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace tributary::wire {
namespace {

constexpr std::uint32_t group_version = 4;
constexpr std::uint32_t fewest_devices = 3;
constexpr std::uint32_t most_devices = 5000;
constexpr std::uint32_t most_neighbours = 254;
constexpr std::uint32_t most_witnesses = 255;

std::string fault_in_numbers(const v1::Group& group) {
  const auto n = group.devices();
  const auto k = group.neighbours();
  const auto w = group.witnesses();
  const auto q = group.quorum();
  if (group.minimum_reader_version() > group_version) {
    return "minimum_reader_version is newer than this program's 4";
  }
  if (n < fewest_devices || n > most_devices) return "devices must be 3..5000";
  const bool regular = k % 2 == 0 && k < n;
  if (k == 0 || k > most_neighbours || (!regular && k != n - 1)) {
    return "neighbours must be even and below devices, or devices - 1, and at most 254";
  }
  if (group.threshold() < 1 || group.threshold() > k) return "threshold must be 1..neighbours";
  if (w > std::min(n, most_witnesses) || q < 1 || q > w || q <= w - q) {
    return "witnesses and quorum must be 2 quorum > witnesses >= quorum, at most devices and 255";
  }
  if (group.first_slot() < 1 || group.first_slot() > group.last_slot() ||
      group.last_slot() == UINT32_MAX) {
    return "slots must be 1 <= first_slot <= last_slot < 2^32 - 1";
  }
  return {};
}

}  // namespace

Hash group_hash(std::string_view bytes) {
  return crypto::hash("group", {view_of(bytes)});
}

std::variant<Group, std::string> parse_group(std::string_view bytes) {
  v1::Group message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return "the group does not decode";
  }
  if (auto fault = fault_in_numbers(message); !fault.empty()) return "group: " + fault;
  const auto task = TaskId::from(message.task_id());
  const auto gateway = GatewayId::from(message.gateway_id());
  const auto root = Hash::from(message.roster_root());
  const auto beacon = Hash::from(message.beacon());
  if (!task || !gateway) return "group: task_id and gateway_id must have 16 bytes";
  if (!root || !beacon) return "group: roster_root and beacon must have 32 bytes";
  return Group{group_hash(bytes),
               message.tenant(),
               *task,
               *gateway,
               *root,
               *beacon,
               message.devices(),
               message.neighbours(),
               message.threshold(),
               message.witnesses(),
               message.quorum(),
               message.first_slot(),
               message.last_slot()};
}

}  // namespace tributary::wire
