// Key pairs, signatures and the keys derived for split-trust rounds (PROTOCOL.md 3 and 7).
#pragma once

#include "crypto/hash.hpp"
#include "crypto/secret.hpp"

namespace tributary::crypto {

VerifyKey verify_key(const SigningKey& key);             // RFC 8032
ExchangeKey exchange_key(const ExchangeSecret& secret);  // RFC 7748

// Signature over lp("tributary/v1/sig/<label>") || lp(hash).
Signature sign(const SigningKey& key, std::string_view label, const Hash& hash);
bool verify(const VerifyKey& key, std::string_view label, const Hash& hash,
            const Signature& signature);

// pair_key = KDF(DH, "pair-key", device_pk, party_pk, device_id, party_id, u32 epoch [, psk]).
// Device and party compute it from their own secret and the other's public key: `own` says which
// side the secret belongs to. nullopt: all-zero shared secret (a low-order public key).
struct PairParties {
  ExchangeKey device_key;
  ExchangeKey party_key;
  std::array<std::uint8_t, 16> device_id;
  std::array<std::uint8_t, 16> party_id;
  std::uint32_t party_epoch;
  ByteView psk;  // empty or 32 bytes
};
enum class Side { device, party };
std::optional<PairKey> pair_key(const ExchangeSecret& own, Side side, const PairParties& parties);

Seed mask_seed(const PairKey& key, const Hash& ctx_hash, const DeviceId& device,
               const Nonce& nonce);
UploadKey upload_key(const PairKey& gateway_key, const Hash& ctx_hash, const DeviceId& device,
                     const Nonce& nonce);
Ticket ticket(const PairKey& helper_key, const Hash& ctx_hash, const DeviceId& device,
              const Nonce& nonce, const Hash& digest);
Mac receipt_mac(const PairKey& gateway_key, const Hash& ctx_hash, const DeviceId& device,
                const Nonce& nonce, const Hash& digest);

}  // namespace tributary::crypto
