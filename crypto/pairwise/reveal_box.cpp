#include "crypto/pairwise/reveal_box.hpp"

#include <algorithm>
#include <stdexcept>

#include "crypto/pairwise/derive.hpp"
#include "crypto/sodium.hpp"

namespace tributary::pairwise {
namespace {

using RevealKey = crypto::Secret<struct RevealKeyTag, 32>;
using ReceiptKey = crypto::Secret<struct PrekeyReceiptKeyTag, 32>;
using Place = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

constexpr std::size_t entry_bytes = 1 + shared_bytes;
constexpr std::size_t tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES;

RevealKey reveal_key(const crypto::PairKey& gateway_key, const RevealPlace& place) {
  return derive<RevealKey>(gateway_key.expose(), "reveal-key",
                           {place.ctx_hash.view(), place.device.view()});
}

Place nonce_of(const RevealPlace& place) {
  Place nonce{};
  std::ranges::copy(crypto::le32(place.place), nonce.begin());
  return nonce;
}

Mac slot_mac(const crypto::PairKey& gateway_key, std::string_view label, const Hash& group_hash,
             const DeviceId& device, std::uint32_t slot) {
  const auto key = derive<ReceiptKey>(gateway_key.expose(), "receipt-key", {});
  return crypto::mac16(key.expose(), label, {group_hash.view(), device.view(), crypto::le32(slot)});
}

}  // namespace

Mac prekey_receipt_mac(const crypto::PairKey& gateway_key, const Hash& group_hash,
                       const DeviceId& device, std::uint32_t slot) {
  return slot_mac(gateway_key, "prekey", group_hash, device, slot);
}

Mac next_slot_mac(const crypto::PairKey& gateway_key, const Hash& group_hash,
                  const DeviceId& device, std::uint32_t next_slot) {
  return slot_mac(gateway_key, "next-slot", group_hash, device, next_slot);
}

Bytes encode(const RevealedShares& shares) {
  Bytes bytes(shares.size() * entry_bytes);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!shares[i]) continue;
    const auto entry = std::span(bytes).subspan(i * entry_bytes, entry_bytes);
    entry[0] = 1;
    std::ranges::copy(shares[i]->expose(), entry.begin() + 1);
  }
  return bytes;
}

std::optional<RevealedShares> decode_revealed(ByteView bytes) {
  if (bytes.size() % entry_bytes != 0) return std::nullopt;
  RevealedShares shares;
  for (; !bytes.empty(); bytes = bytes.subspan(entry_bytes)) {
    const ByteView value = bytes.subspan(1, shared_bytes);
    if (bytes[0] == 1) {
      shares.push_back(ShareValue::from(value));
      continue;
    }
    const bool blank = std::ranges::all_of(value, [](std::uint8_t byte) { return byte == 0; });
    if (bytes[0] != 0 || !blank) return std::nullopt;
    shares.emplace_back();
  }
  return shares;
}

Bytes seal_reveal(const crypto::PairKey& gateway_key, const RevealPlace& place,
                  const RevealedShares& shares) {
  if (shares.empty() || shares.size() > most_revealed) {
    throw std::invalid_argument("a reveal has 1 to 16 shares");
  }
  crypto::require_sodium();
  Bytes sealed = encode(shares);
  sealed.resize(sealed.size() + tag_bytes);
  const auto key = reveal_key(gateway_key, place);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, sealed.data(),
                                            sealed.size() - tag_bytes, nullptr, 0, nullptr,
                                            nonce_of(place).data(), key.expose().data());
  return sealed;
}

std::optional<RevealedShares> open_reveal(const crypto::PairKey& gateway_key,
                                          const RevealPlace& place, ByteView sealed) {
  if (sealed.size() <= tag_bytes || sealed.size() > most_revealed * entry_bytes + tag_bytes) {
    return std::nullopt;
  }
  crypto::require_sodium();
  Bytes plain(sealed.size() - tag_bytes);
  const auto key = reveal_key(gateway_key, place);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data(),
                                                sealed.size(), nullptr, 0, nonce_of(place).data(),
                                                key.expose().data()) != 0) {
    return std::nullopt;
  }
  auto shares = decode_revealed(plain);
  crypto::wipe(plain);
  return shares;
}

}  // namespace tributary::pairwise
