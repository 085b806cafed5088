// What a device and its gateway say to each other under their pair key K_gw in mode pairwise (PROTOCOL.md 10.2
// and 10.4): the receipt of a prekey, and opened shares on their way to the gateway.
//   key    = KDF(K_gw, "reveal-key", ctx_hash, device_id)
//   sealed = ChaCha20-Poly1305-IETF(key, nonce u32 place || 8 zero bytes, aad = empty,
//            33 bytes per share: 1 and the share, or 0 and zeros) || tag 16
// A place is answered once: the record a device persisted first fixes every share it opens.
#pragma once

#include "crypto/keys.hpp"
#include "crypto/pairwise/shamir.hpp"

namespace tributary::pairwise {

inline constexpr std::size_t most_revealed = 16;  // shares in one message

Mac prekey_receipt_mac(const crypto::PairKey& gateway_key, const Hash& group_hash,
                       const DeviceId& device, std::uint32_t slot);
// Of a receipt for a slot that is over: the first that is not.
Mac next_slot_mac(const crypto::PairKey& gateway_key, const Hash& group_hash,
                  const DeviceId& device, std::uint32_t next_slot);

struct RevealPlace {
  Hash ctx_hash;
  DeviceId device;      // the holder
  std::uint32_t place;  // of the first share, among its neighbours in ascending order
};
// nullopt in the list: the sealed share would not open.
using RevealedShares = std::vector<std::optional<ShareValue>>;

// 33 bytes per share, as they are sealed. Secret.
Bytes encode(const RevealedShares& shares);
// nullopt: not whole entries, a flag that is neither 0 nor 1, or bytes beside a 0.
std::optional<RevealedShares> decode_revealed(ByteView bytes);

// 1..most_revealed shares, else std::invalid_argument.
Bytes seal_reveal(const crypto::PairKey& gateway_key, const RevealPlace& place,
                  const RevealedShares& shares);
// nullopt: not sealed by this device for this place, or not a list of shares.
std::optional<RevealedShares> open_reveal(const crypto::PairKey& gateway_key,
                                          const RevealPlace& place, ByteView sealed);

}  // namespace tributary::pairwise
