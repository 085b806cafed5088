// One share on its way to the neighbour that holds it; the gateway stores the ciphertext.
//   pair = KDF(DH(epoch keys), "share-pair", owner_pk, holder_pk, owner_id, holder_id)
//   key  = KDF(pair, "share-key", graph_seed, u32 slot, u8 kind, mask_key, commitment)
//   sealed = ChaCha20-Poly1305-IETF(key, nonce 0, aad = empty, share 32) || tag 16
// A key seals one share: what it is bound to fixes the share (prekey_chain.hpp). The seal tells the
// holder that the owner made the share for it, for this slot and kind, and nothing about whether
// the share is right: that shows when the secret is put together.
#pragma once

#include "crypto/pairwise/prekey_chain.hpp"

namespace tributary::pairwise {

inline constexpr std::size_t sealed_share_bytes = 48;
using SealedShare = Fixed<struct SealedShareTag, sealed_share_bytes>;
using SharePairKey = crypto::Secret<struct SharePairKeyTag, 32>;

// An owner of shares and one holder, by identity and certified epoch key.
struct ShareParties {
  DeviceId owner;
  ExchangeKey owner_key;
  DeviceId holder;
  ExchangeKey holder_key;
};
enum class ShareSide { owner, holder };

// The same for both sides, good for all slots of the two epoch keys: cache it for a batch. `own` is
// the epoch secret of `side`. nullopt: the other's key is a low-order point.
std::optional<SharePairKey> share_pair_key(const crypto::ExchangeSecret& own, ShareSide side,
                                           const ShareParties& parties);

struct ShareName {
  GraphSeed graph;
  std::uint32_t slot;
  ShareKind kind;
  MaskKey mask_key;           // of the owner in this slot
  SeedCommitment commitment;  // likewise
};

SealedShare seal_share(const SharePairKey& pair, const ShareName& name, const ShareValue& share);
// nullopt: not sealed by this owner for this holder under this name, or damaged.
std::optional<ShareValue> open_share(const SharePairKey& pair, const ShareName& name,
                                     const SealedShare& sealed);

}  // namespace tributary::pairwise
