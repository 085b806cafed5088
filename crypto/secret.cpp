#include "crypto/secret.hpp"

#include "crypto/sodium.hpp"

namespace tributary::crypto {

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

void fill_random(std::span<std::uint8_t> bytes) {
  require_sodium();
  if (!bytes.empty()) randombytes_buf(bytes.data(), bytes.size());
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tributary::crypto
