#include "crypto/sealed_box.hpp"

#include <algorithm>

#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

using BoxKey = Secret<struct BoxKeyTag, 32>;
constexpr std::size_t tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES;
// Every key seals one message, so the nonce carries nothing.
constexpr std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> zero_nonce{};

// The secret and the other side's key agree on `shared`; false: a low-order point.
bool agree(const ExchangeSecret& own, const ExchangeKey& other,
           std::array<std::uint8_t, crypto_scalarmult_BYTES>& shared) {
  return crypto_scalarmult(shared.data(), own.expose().data(), other.bytes.data()) == 0;
}

std::optional<BoxKey> box_key(const ExchangeSecret& own, const ExchangeKey& other,
                              const ExchangeKey& ephemeral, const ExchangeKey& combiner,
                              const SealStatement& statement) {
  std::array<std::uint8_t, crypto_scalarmult_BYTES> shared;
  if (!agree(own, other, shared)) return std::nullopt;
  auto bytes = kdf(shared, "seal-key",
                   {ephemeral.view(), combiner.view(), statement.ctx_hash.view(),
                    statement.survivors_hash.view(), statement.helper.view()});
  auto key = BoxKey::from(bytes);
  wipe(bytes);
  wipe(shared);
  return key;
}

ExchangeSecret ephemeral_secret(const ExchangeSecret& helper, const SealStatement& statement) {
  auto bytes = kdf(helper.expose(), "seal-ephemeral",
                   {statement.ctx_hash.view(), statement.survivors_hash.view()});
  auto secret = ExchangeSecret::from(bytes);
  wipe(bytes);
  return std::move(*secret);
}

}  // namespace

std::optional<Bytes> seal_to_combiner(const ExchangeSecret& helper_secret,
                                      const ExchangeKey& combiner, const SealStatement& statement,
                                      ByteView words) {
  require_sodium();
  const ExchangeSecret secret = ephemeral_secret(helper_secret, statement);
  const ExchangeKey ephemeral = exchange_key(secret);
  const auto key = box_key(secret, combiner, ephemeral, combiner, statement);
  if (!key) return std::nullopt;
  Bytes sealed(ExchangeKey::size + words.size() + tag_bytes);
  std::ranges::copy(ephemeral.bytes, sealed.begin());
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data() + ExchangeKey::size, nullptr,
                                            words.data(), words.size(), nullptr, 0, nullptr,
                                            zero_nonce.data(), key->expose().data());
  return sealed;
}

std::optional<Bytes> open_sealed(const ExchangeSecret& combiner_secret,
                                 const SealStatement& statement, ByteView sealed) {
  require_sodium();
  if (sealed.size() < ExchangeKey::size + tag_bytes) return std::nullopt;
  const ExchangeKey ephemeral = *ExchangeKey::from(sealed.first(ExchangeKey::size));
  const ByteView box = sealed.subspan(ExchangeKey::size);
  const auto key =
      box_key(combiner_secret, ephemeral, ephemeral, exchange_key(combiner_secret), statement);
  if (!key) return std::nullopt;
  Bytes words(box.size() - tag_bytes);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(words.data(), nullptr, nullptr, box.data(),
                                                box.size(), nullptr, 0, zero_nonce.data(),
                                                key->expose().data()) != 0) {
    return std::nullopt;
  }
  return words;
}

}  // namespace tributary::crypto
