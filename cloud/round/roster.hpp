// A gateway's roster as the coordinator needs it: its hash and who is in it. The signatures of the
// devices are for the helpers to verify (rule H3); here only shape and membership count.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::cloud::round {

struct RosterReading {
  Hash hash;  // H("roster", bytes)
  GatewayId gateway;
  std::vector<DeviceId> devices;  // strictly ascending
};
// The text says what is wrong with the bytes.
std::variant<RosterReading, std::string> read_roster(std::string_view bytes);

}  // namespace tributary::cloud::round
