#include "crypto/pairwise/sealed_share.hpp"

#include "crypto/pairwise/derive.hpp"
#include "crypto/sodium.hpp"

namespace tributary::pairwise {
namespace {

using ShareKey = crypto::Secret<struct ShareKeyTag, 32>;
static_assert(sealed_share_bytes == shared_bytes + crypto_aead_chacha20poly1305_ietf_ABYTES);
// Every key seals one share, so the nonce carries nothing.
constexpr std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> zero_nonce{};

ShareKey share_key(const SharePairKey& pair, const ShareName& name) {
  const std::array<std::uint8_t, 1> kind = {static_cast<std::uint8_t>(name.kind)};
  return derive<ShareKey>(pair.expose(), "share-key",
                          {name.graph.view(), crypto::le32(name.slot), kind, name.mask_key.view(),
                           name.commitment.view()});
}

}  // namespace

std::optional<SharePairKey> share_pair_key(const crypto::ExchangeSecret& own, ShareSide side,
                                           const ShareParties& parties) {
  crypto::require_sodium();
  const auto& other = side == ShareSide::owner ? parties.holder_key : parties.owner_key;
  std::array<std::uint8_t, crypto_scalarmult_BYTES> shared;
  if (crypto_scalarmult(shared.data(), own.expose().data(), other.bytes.data()) != 0) {
    return std::nullopt;
  }
  auto key = derive<SharePairKey>(shared, "share-pair",
                                  {parties.owner_key.view(), parties.holder_key.view(),
                                   parties.owner.view(), parties.holder.view()});
  crypto::wipe(shared);
  return key;
}

SealedShare seal_share(const SharePairKey& pair, const ShareName& name, const ShareValue& share) {
  crypto::require_sodium();
  const ShareKey key = share_key(pair, name);
  SealedShare sealed;
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.bytes.data(), nullptr, share.expose().data(),
                                            shared_bytes, nullptr, 0, nullptr, zero_nonce.data(),
                                            key.expose().data());
  return sealed;
}

std::optional<ShareValue> open_share(const SharePairKey& pair, const ShareName& name,
                                     const SealedShare& sealed) {
  crypto::require_sodium();
  const ShareKey key = share_key(pair, name);
  std::array<std::uint8_t, shared_bytes> bytes;
  if (crypto_aead_chacha20poly1305_ietf_decrypt(bytes.data(), nullptr, nullptr, sealed.bytes.data(),
                                                sealed.bytes.size(), nullptr, 0, zero_nonce.data(),
                                                key.expose().data()) != 0) {
    return std::nullopt;
  }
  auto value = ShareValue::from(bytes);
  crypto::wipe(bytes);
  return value;
}

}  // namespace tributary::pairwise
