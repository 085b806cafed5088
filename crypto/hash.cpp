#include "crypto/hash.hpp"

#include <limits>
#include <new>
#include <string>

#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

constexpr std::string_view label_prefix = "tributary/v1/";

std::array<std::uint8_t, 4> length_of(std::size_t size) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("hash: a part is longer than 4 GiB");
  }
  return le32(static_cast<std::uint32_t>(size));
}

// The bytes lp(label) || lp(p1) || .. into any `update(bytes)`.
template <class Update>
void feed(std::string_view label, std::initializer_list<ByteView> parts, Update&& update) {
  update(ByteView{length_of(label_prefix.size() + label.size())});
  update(view_of(label_prefix));
  update(view_of(label));
  for (const ByteView part : parts) {
    update(ByteView{length_of(part.size())});
    update(part);
  }
}

crypto_hash_sha256_state* sha256(std::array<std::uint8_t, 104>& storage) {
  static_assert(sizeof(crypto_hash_sha256_state) <= 104 && alignof(crypto_hash_sha256_state) <= 8);
  return std::launder(reinterpret_cast<crypto_hash_sha256_state*>(storage.data()));
}

}  // namespace

std::array<std::uint8_t, 4> le32(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return bytes;
}

std::array<std::uint8_t, 8> le64(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return bytes;
}

Hash hash(std::string_view label, std::initializer_list<ByteView> parts) {
  PartHasher hasher(label);
  for (const ByteView part : parts) hasher.part(part);
  return hasher.finish();
}

Hash body_hash(ByteView body) {
  Hash hash;
  crypto_hash_sha256(hash.bytes.data(), body.data(), body.size());
  return hash;
}

std::array<std::uint8_t, 32> kdf(ByteView key, std::string_view label,
                                 std::initializer_list<ByteView> parts) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  feed(label, parts, [&state](ByteView bytes) {
    crypto_auth_hmacsha256_update(&state, bytes.data(), bytes.size());
  });
  std::array<std::uint8_t, 32> result;
  crypto_auth_hmacsha256_final(&state, result.data());
  sodium_memzero(&state, sizeof state);
  return result;
}

Mac mac16(ByteView key, std::string_view label, std::initializer_list<ByteView> parts) {
  const auto full = kdf(key, label, parts);
  return *Mac::from(ByteView{full}.first(Mac::size));
}

PartHasher::PartHasher(std::string_view label) {
  new (state_.data()) crypto_hash_sha256_state;
  crypto_hash_sha256_init(sha256(state_));
  feed(label, {}, [this](ByteView bytes) { piece(bytes); });
}

void PartHasher::part(ByteView bytes) {
  piece(length_of(bytes.size()));
  piece(bytes);
}

void PartHasher::begin_part(std::uint32_t size) {
  piece(le32(size));
}

void PartHasher::piece(ByteView bytes) {
  crypto_hash_sha256_update(sha256(state_), bytes.data(), bytes.size());
}

Hash PartHasher::finish() {
  Hash result;
  crypto_hash_sha256_final(sha256(state_), result.bytes.data());
  return result;
}

}  // namespace tributary::crypto
