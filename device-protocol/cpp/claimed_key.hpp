// The key a device claims an identity for (PROTOCOL.md 12).
#pragma once

#include <optional>
#include <string_view>

#include "crypto/bytes.hpp"

namespace tributary::wire {

// Of a Signed ClaimRequest. nullopt: it is none, is another device's, or is not signed by the key it names.
std::optional<VerifyKey> claimed_key(const DeviceId& device, std::string_view request);

}  // namespace tributary::wire
