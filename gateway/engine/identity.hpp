// Who this gateway is and whom it trusts; constant after construction.
#pragma once

#include <string>

#include "crypto/keys.hpp"

namespace tributary::gateway::engine {

struct Identity {
  std::string tenant;
  GatewayId id;
  crypto::SigningKey key;   // signs epoch keys, sums, abandons
  std::string certificate;  // serialized Signed
  VerifyKey authority;
  VerifyKey coordinator;
};

}  // namespace tributary::gateway::engine
