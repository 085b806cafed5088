// Whether a site's broker accepts an identity with its pre-shared key.
#pragma once

#include <string>

#include "device-protocol/fleet/broker_tls.hpp"

namespace tributary::cli {

// Empty when the broker accepts; else what failed, in words. Waits at most five seconds. Ends after the TLS
// handshake, which proves the key to both sides: an MQTT login would throw off the party that bears the identity.
std::string broker_login_fault(const std::string& host, const std::string& port,
                               const fleet::BrokerCredential& credential);

}  // namespace tributary::cli
