// Why a request is refused: the reason that is signed, and words for the log.
#pragma once

#include <string>
#include <vector>

#include "crypto/bytes.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::helper {

struct Fault {
  v1::HelperRefusal reason;
  std::string text;
  std::vector<DeviceId> devices = {};  // at fault, for BAD_DEVICE, BAD_TICKET and DEVICE_TWICE
};

}  // namespace tributary::gateway::helper
