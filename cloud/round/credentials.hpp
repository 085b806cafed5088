// Certified keys of gateways and helpers, verified under the fleet authority (PROTOCOL.md 3).
#pragma once

#include <array>
#include <string>
#include <variant>

#include "crypto/keys.hpp"
#include "tributary.pb.h"

namespace tributary::cloud::round {

// A certificate and an epoch key whose signatures, tenant, role and subject have been checked.
struct CertifiedParty {
  std::array<std::uint8_t, 16> id;
  std::string operated_by;
  VerifyKey identity;
  std::uint32_t epoch;
  ExchangeKey epoch_key;
  std::uint64_t not_after;  // the earlier of the two, Unix seconds
};

struct FleetAuthority {
  VerifyKey key;
  std::string tenant;
};

// The text says which check failed and what to do. `now` in Unix seconds.
std::variant<CertifiedParty, std::string> verify_party(const v1::CertifiedKey& key, v1::Role role,
                                                       const FleetAuthority& authority,
                                                       std::uint64_t now);

}  // namespace tributary::cloud::round
