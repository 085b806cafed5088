// Signed messages of PROTOCOL.md 3. The body is signed and verified as bytes; nobody re-encodes it.
#pragma once

#include <string>
#include <string_view>

#include "crypto/keys.hpp"
#include "tributary.pb.h"

namespace tributary::wire {

// H(label, body), the hash under every signature.
Hash body_hash(std::string_view label, std::string_view body);

v1::Signed sign_body(std::string_view label, std::string body, const crypto::SigningKey& key);
bool verify_body(std::string_view label, const v1::Signed& message, const VerifyKey& key);

}  // namespace tributary::wire
