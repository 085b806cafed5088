#include "cloud/cli/operator_token.hpp"

#include <openssl/sha.h>

#include "crypto/secret.hpp"

namespace tributary::cli {

std::string new_operator_token() {
  std::array<std::uint8_t, 32> bytes{};
  crypto::fill_random(bytes);
  return to_hex(bytes);
}

std::string token_hash(std::string_view token) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  const ByteView bytes = view_of(token);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return to_hex(digest);
}

}  // namespace tributary::cli
