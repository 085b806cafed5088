// The crypto port over BearSSL against the one over libsodium: the same answers to everything, in both widths of
// arithmetic. This file is built once per width.
#include <doctest/doctest.h>
#include <sodium.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "device-protocol/ports/bearssl/bearssl_port.h"
#include "device-protocol/ports/posix/posix.h"

namespace {

const trib_crypto_port& small = trib_bearssl_crypto;
const trib_crypto_port& reference = trib_posix_crypto;

template <std::size_t size>
std::array<unsigned char, size> some() {
  std::array<unsigned char, size> bytes;
  randombytes_buf(bytes.data(), size);
  return bytes;
}

using Key = std::array<unsigned char, 32>;
using Signature = std::array<unsigned char, 64>;
using Message = std::vector<unsigned char>;

void same_verdict(const Signature& signature, const Message& message, const Key& key,
                  bool expected) {
  const auto ours =
      small.ed25519_verify(signature.data(), message.data(), message.size(), key.data());
  CHECK((ours == TRIB_OK) == expected);
  CHECK(ours ==
        reference.ed25519_verify(signature.data(), message.data(), message.size(), key.data()));
}

Key hex_key(const char* hex) {
  Key key;
  REQUIRE(sodium_hex2bin(key.data(), key.size(), hex, 64, nullptr, nullptr, nullptr) == 0);
  return key;
}

}  // namespace

TEST_CASE("BearSSL: SHA-256, ChaCha20 and the AEAD are libsodium's, for every size") {
  REQUIRE(sodium_init() >= 0);
  for (std::size_t size = 0; size < 300; ++size) {
    CAPTURE(size);
    const auto key = some<32>();
    const auto nonce = some<12>();
    const auto aad = some<90>();
    Message a(size + 16);
    randombytes_buf(a.data(), size);
    Message b = a;
    const auto hash = [&](const trib_crypto_port& port) {
      trib_sha256_state state;
      Key out;
      port.sha256_init(&state);
      port.sha256_update(&state, a.data(), size / 3);
      port.sha256_update(&state, a.data() + size / 3, size - size / 3);
      port.sha256_final(&state, out.data());
      return out;
    };
    CHECK(hash(small) == hash(reference));
    const auto counter = static_cast<std::uint32_t>(size * 77);
    small.chacha20_xor(a.data(), size, key.data(), counter);
    reference.chacha20_xor(b.data(), size, key.data(), counter);
    CHECK(a == b);
    small.aead_seal(a.data(), size, a.data() + size, aad.data(), size % 90, nonce.data(),
                    key.data());
    reference.aead_seal(b.data(), size, b.data() + size, aad.data(), size % 90, nonce.data(),
                        key.data());
    CHECK(a == b);
  }
}

TEST_CASE("BearSSL: X25519 is libsodium's, and a shared secret of zeros is refused") {
  REQUIRE(sodium_init() >= 0);
  for (int i = 0; i < 20; ++i) {
    const Key secret = some<32>();
    const Key other = some<32>();
    Key a, b;
    small.x25519_base(a.data(), secret.data());
    reference.x25519_base(b.data(), secret.data());
    CHECK(a == b);
    CHECK(small.x25519(a.data(), secret.data(), other.data()) ==
          reference.x25519(b.data(), secret.data(), other.data()));
    CHECK(a == b);
  }
  const Key zero{};
  const Key secret = some<32>();
  Key out;
  CHECK(small.x25519(out.data(), secret.data(), zero.data()) == TRIB_CRYPTO);
}

TEST_CASE("BearSSL: Ed25519 signs as libsodium does, and both verify the same") {
  REQUIRE(sodium_init() >= 0);
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(i);
    const Key seed = some<32>();
    Message message(1 + i * 13);
    randombytes_buf(message.data(), message.size());
    Key key;
    std::array<unsigned char, 64> secret;
    crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
    Signature ours, theirs;
    REQUIRE(small.ed25519_sign(ours.data(), message.data(), message.size(), seed.data()) ==
            TRIB_OK);
    REQUIRE(reference.ed25519_sign(theirs.data(), message.data(), message.size(), seed.data()) ==
            TRIB_OK);
    CHECK(ours == theirs);
    same_verdict(ours, message, key, true);
    for (const std::size_t at : {std::size_t{0}, std::size_t{31}, 32 + i, std::size_t{62}}) {
      Signature changed = ours;
      changed[at] ^= 1;
      same_verdict(changed, message, key, false);
    }
    Key other = key;
    other[i] ^= 1;
    same_verdict(ours, message, other, false);
    message.push_back(1);
    same_verdict(ours, message, key, false);
  }
}

TEST_CASE("BearSSL: no signature but the one way to write it, no keys of small order") {
  REQUIRE(sodium_init() >= 0);
  const Key seed = some<32>();
  const Message message = {1, 2, 3};
  Key key;
  std::array<unsigned char, 64> secret;
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  Signature signature;
  REQUIRE(small.ed25519_sign(signature.data(), message.data(), message.size(), seed.data()) ==
          TRIB_OK);
  // S + L verifies under the same equation, and must not.
  const Key order = hex_key("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<unsigned char>(carry);
    carry >>= 8;
  }
  same_verdict(signature, message, key, false);
  // Of order 1, 2, 4, 8, and their other spellings.
  for (const char* low : {"0100000000000000000000000000000000000000000000000000000000000000",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          "0000000000000000000000000000000000000000000000000000000000000080",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    CAPTURE(low);
    Signature nothing{};
    nothing[0] = 1;  // R the identity, S 0: holds for a key of order 1
    same_verdict(nothing, message, hex_key(low), false);
    const Key r = hex_key(low);
    std::memcpy(nothing.data(), r.data(), r.size());
    same_verdict(nothing, message, key, false);
  }
}
