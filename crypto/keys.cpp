#include "crypto/keys.hpp"

#include <string>
#include <utility>

#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

// KDF straight into a secret type; the intermediate bytes do not survive.
template <class Derived>
Derived derive(ByteView key, std::string_view label, std::initializer_list<ByteView> parts) {
  auto bytes = kdf(key, label, parts);
  auto derived = Derived::from(bytes);
  wipe(bytes);
  return std::move(*derived);
}

std::string length_prefixed(std::string_view part) {
  const auto size = le32(static_cast<std::uint32_t>(part.size()));
  return std::string(text_of(size)).append(part);
}

// lp("tributary/v1/sig/<label>") || lp(hash)
Bytes signed_bytes(std::string_view label, const Hash& hash) {
  const std::string message = length_prefixed(std::string("tributary/v1/sig/").append(label)) +
                              length_prefixed(text_of(hash.view()));
  return {message.begin(), message.end()};
}

}  // namespace

VerifyKey verify_key(const SigningKey& key) {
  VerifyKey verify_key;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> expanded;
  crypto_sign_seed_keypair(verify_key.bytes.data(), expanded.data(), key.expose().data());
  wipe(expanded);
  return verify_key;
}

ExchangeKey exchange_key(const ExchangeSecret& secret) {
  require_sodium();
  ExchangeKey key;
  crypto_scalarmult_base(key.bytes.data(), secret.expose().data());
  return key;
}

Signature sign(const SigningKey& key, std::string_view label, const Hash& hash) {
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> ignored_public;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> expanded;
  crypto_sign_seed_keypair(ignored_public.data(), expanded.data(), key.expose().data());
  const Bytes message = signed_bytes(label, hash);
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                       expanded.data());
  wipe(expanded);
  return signature;
}

bool verify(const VerifyKey& key, std::string_view label, const Hash& hash,
            const Signature& signature) {
  const Bytes message = signed_bytes(label, hash);
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

std::optional<PairKey> pair_key(const ExchangeSecret& own, Side side, const PairParties& parties) {
  require_sodium();
  const ExchangeKey& other = side == Side::device ? parties.party_key : parties.device_key;
  std::array<std::uint8_t, crypto_scalarmult_BYTES> shared;
  if (crypto_scalarmult(shared.data(), own.expose().data(), other.bytes.data()) != 0) {
    return std::nullopt;
  }
  const auto epoch = le32(parties.party_epoch);
  const ByteView device_key = parties.device_key.view();
  const ByteView party_key = parties.party_key.view();
  std::optional<PairKey> key;
  if (parties.psk.empty()) {
    key = derive<PairKey>(shared, "pair-key",
                          {device_key, party_key, parties.device_id, parties.party_id, epoch});
  } else {
    key = derive<PairKey>(
        shared, "pair-key",
        {device_key, party_key, parties.device_id, parties.party_id, epoch, parties.psk});
  }
  wipe(shared);
  return key;
}

Seed mask_seed(const PairKey& key, const Hash& ctx_hash, const DeviceId& device,
               const Nonce& nonce) {
  return derive<Seed>(key.expose(), "seed", {ctx_hash.view(), device.view(), nonce.view()});
}

UploadKey upload_key(const PairKey& gateway_key, const Hash& ctx_hash, const DeviceId& device,
                     const Nonce& nonce) {
  return derive<UploadKey>(gateway_key.expose(), "upload-key",
                           {ctx_hash.view(), device.view(), nonce.view()});
}

Ticket ticket(const PairKey& helper_key, const Hash& ctx_hash, const DeviceId& device,
              const Nonce& nonce, const Hash& digest) {
  const auto key = derive<PairKey>(helper_key.expose(), "ticket-key", {});
  return Ticket{
      mac16(key.expose(), "ticket", {ctx_hash.view(), device.view(), nonce.view(), digest.view()})
          .bytes};
}

Mac receipt_mac(const PairKey& gateway_key, const Hash& ctx_hash, const DeviceId& device,
                const Nonce& nonce, const Hash& digest) {
  const auto key = derive<PairKey>(gateway_key.expose(), "receipt-key", {});
  return mac16(key.expose(), "receipt",
               {ctx_hash.view(), device.view(), nonce.view(), digest.view()});
}

}  // namespace tributary::crypto
