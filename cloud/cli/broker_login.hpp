// Logs in to a site's broker as the gateway does: TLS with a pre-shared key, then MQTT CONNECT.
#pragma once

#include <string>

namespace tributary::cli {

// Empty when the broker accepts; else what failed, in words. Waits at most five seconds.
std::string broker_login_fault(const std::string& host, const std::string& port,
                               const std::string& identity, const std::string& psk);

}  // namespace tributary::cli
