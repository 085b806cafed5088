// The coordinator's own keys, read from its credentials folder (cloud/api/README.md).
#pragma once

#include <filesystem>
#include <stdexcept>

#include "cloud/round/credentials.hpp"

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

// Throws CredentialFault.
Identity load_identity(const std::filesystem::path& folder, std::uint64_t now);

}  // namespace tributary::cloud::engine
