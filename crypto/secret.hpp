// Secrets: move-only, wiped when destroyed or moved from, not printable, compared in constant time.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::crypto {

// The primitives of Secret; of use for other buffers that held a secret.
void wipe(std::span<std::uint8_t> bytes) noexcept;
void fill_random(std::span<std::uint8_t> bytes);
bool equal_constant_time(ByteView a, ByteView b);  // false when the lengths differ

template <class Tag, std::size_t N>
class Secret {
 public:
  static constexpr std::size_t size = N;
  static std::optional<Secret> from(ByteView view);  // nullopt when the length is not N
  static Secret random();

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // The bytes, for a primitive or for a file only the owner can read.
  std::span<const std::uint8_t, N> expose() const { return bytes_; }
  Secret clone() const;
  bool operator==(const Secret& other) const;

 private:
  Secret() = default;
  std::array<std::uint8_t, N> bytes_{};
};

using SigningKey = Secret<struct SigningKeyTag, 32>;          // Ed25519 seed
using ExchangeSecret = Secret<struct ExchangeSecretTag, 32>;  // X25519
using PairKey = Secret<struct PairKeyTag, 32>;
using Seed = Secret<struct SeedTag, 32>;            // one mask of one upload
using UploadKey = Secret<struct UploadKeyTag, 32>;  // AEAD key of one upload

}  // namespace tributary::crypto

#include "crypto/secret.ipp"
