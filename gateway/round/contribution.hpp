// A device's complete upload: what the survivors hash, the helpers and the receipt need of it.
#pragma once

#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::gateway::round {

struct Contribution {
  DeviceId device;
  Nonce nonce;
  Hash digest;
  std::vector<Ticket> tickets;  // one per helper, in the context's order

  bool operator==(const Contribution&) const = default;
};

}  // namespace tributary::gateway::round
