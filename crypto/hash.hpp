// H, KDF and MAC16 of PROTOCOL.md 1: SHA-256 and HMAC-SHA256 over length-prefixed parts.
#pragma once

#include <initializer_list>

#include "crypto/secret.hpp"

namespace tributary::crypto {

// Little-endian integer as a part of a hash.
std::array<std::uint8_t, 4> le32(std::uint32_t value);
std::array<std::uint8_t, 8> le64(std::uint64_t value);

// H(label, parts..); `label` without the "tributary/v1/" prefix.
Hash hash(std::string_view label, std::initializer_list<ByteView> parts);

// SHA-256 of the bytes alone: what a large body is named by inside a hash with a label.
Hash body_hash(ByteView body);

// KDF(key, label, parts..). The caller gives the result a type (Secret::from) at once.
std::array<std::uint8_t, 32> kdf(ByteView key, std::string_view label,
                                 std::initializer_list<ByteView> parts);
Mac mac16(ByteView key, std::string_view label, std::initializer_list<ByteView> parts);

// H(label, parts..) of parts that do not fit a list: begin each part with its length.
// finish() ends it: afterwards the object may only be destroyed.
class PartHasher {
 public:
  explicit PartHasher(std::string_view label);
  void part(ByteView bytes);
  // A part of `size` bytes that arrives in pieces through `piece`.
  void begin_part(std::uint32_t size);
  void piece(ByteView bytes);
  Hash finish();

 private:
  alignas(8) std::array<std::uint8_t, 104> state_;  // crypto_hash_sha256_state
};

}  // namespace tributary::crypto
