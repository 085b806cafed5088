// The gateway's credential files, as the fleet authority writes them (cloud/api/README.md).
#pragma once

#include <filesystem>
#include <optional>

#include "gateway/engine/identity.hpp"
#include "gateway/helper/helper_role.hpp"
#include "gateway/mqtt/broker_session.hpp"

namespace tributary::gateway {

struct Credentials {
  engine::Identity identity;
  mqtt::BrokerPsk broker_psk;
  std::filesystem::path allow_list;  // devices/
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::filesystem::path tls_ca;
  std::optional<helper::Identity> helper;  // without helper.key: this gateway helps nobody
};

// Every fault names a file and what to do.
struct CredentialFaults {
  std::vector<std::string> texts;
};
std::variant<Credentials, CredentialFaults> read_credentials(const std::filesystem::path& folder);

}  // namespace tributary::gateway
