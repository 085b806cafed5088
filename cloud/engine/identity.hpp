// The coordinator's own keys, read from its credentials folder (cloud/api/README.md).
#pragma once

#include <filesystem>
#include <stdexcept>

#include "cloud/round/credentials.hpp"
#include "gateway/helper/helper_role.hpp"

namespace tributary::cloud::engine {

struct Identity {
  round::FleetAuthority authority;  // tenant of coordinator.cert
  crypto::SigningKey key;           // signs contexts and releases
  VerifyKey verify;
  crypto::ExchangeSecret combiner;
  ExchangeKey combiner_key;
};

// A credential that is missing, malformed, readable by others or does not fit the rest. The text
// names the file and the remedy.
struct CredentialFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Each throws CredentialFault.
Identity load_identity(const std::filesystem::path& folder, std::uint64_t now);

// The coordinator's own helper role: helper.id, helper.key and helper.cert beside the rest.
gateway::helper::Identity load_helper_identity(const std::filesystem::path& folder,
                                               const Identity& own);

}  // namespace tributary::cloud::engine
