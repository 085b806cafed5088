// Certificates and epoch keys whose signatures verify (PROTOCOL.md 3). Times are the reader's to check.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/keys.hpp"
#include "tributary.pb.h"

namespace tributary::gateway::helper {

// The certificate, when the authority signed it for this tenant and role and its fields have their sizes.
std::optional<v1::Certificate> certificate_of(const v1::Signed& message, const VerifyKey& authority,
                                              std::string_view tenant, v1::Role role);
// The epoch key, when the certificate's subject signed it for itself.
std::optional<v1::EpochKey> epoch_key_of(const v1::Signed& message,
                                         const v1::Certificate& certificate);

}  // namespace tributary::gateway::helper
