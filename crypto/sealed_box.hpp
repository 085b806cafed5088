// Sealing a mask sum to the combiner. The ephemeral secret is derived from the helper's secret and
// the statement, so that a retry gives byte-identical bytes (protocol rule H6).
//   eph = KDF(helper_secret, "seal-ephemeral", ctx_hash, survivors_hash)
//   key = KDF(DH(eph, combiner), "seal-key", eph_pk, combiner_pk, ctx_hash, survivors_hash, helper_id)
//   sealed = eph_pk (32) || ChaCha20-Poly1305-IETF(key, nonce 0, aad = empty, words) || tag (16)
#pragma once

#include "crypto/keys.hpp"

namespace tributary::crypto {

struct SealStatement {
  Hash ctx_hash;
  Hash survivors_hash;
  HelperId helper;
};
// nullopt: the combiner key is a low-order point.
std::optional<Bytes> seal_to_combiner(const ExchangeSecret& helper_secret,
                                      const ExchangeKey& combiner, const SealStatement& statement,
                                      ByteView words);
// nullopt: not sealed to this key for this statement, or damaged.
std::optional<Bytes> open_sealed(const ExchangeSecret& combiner_secret,
                                 const SealStatement& statement, ByteView sealed);

}  // namespace tributary::crypto
