/* Masks between devices, trust mode `pairwise` (crypto/pairwise/mask_keys.hpp and masking.hpp). A
 * device masks with all its neighbours of the graph or does not take part. */
#ifndef TRIBUTARY_SRC_PAIRWISE_H
#define TRIBUTARY_SRC_PAIRWISE_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One slot's mask key pair, and the hash of the round's context. */
typedef struct trib_pairwise_keys {
  unsigned char secret[TRIB_KEY_BYTES];
  unsigned char public_key[TRIB_KEY_BYTES]; /* of secret */
  unsigned char ctx_hash[TRIB_HASH_BYTES];
} trib_pairwise_keys;

/* Seed of the mask shared with one neighbour: one X25519. TRIB_CRYPTO: the neighbour's key is a
 * low-order point or the device's own. */
trib_status trib_pairwise_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                               const trib_pairwise_keys* keys,
                               const unsigned char neighbour_key[TRIB_KEY_BYTES]);

/* Seed of the self mask, which is always added: trib_add_mask. */
void trib_self_mask_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                         const unsigned char self_seed[TRIB_KEY_BYTES],
                         const unsigned char ctx_hash[TRIB_HASH_BYTES]);

/* words[size] += PRG(seed) when device < neighbour (indices in the roster), else -= PRG(seed). The
 * rest as for trib_add_mask: any chunk from the mask's byte `offset` on. */
trib_status trib_add_pair_mask(const trib_crypto_port* crypto, unsigned bits,
                               const unsigned char seed[TRIB_KEY_BYTES], uint32_t device,
                               uint32_t neighbour, uint64_t offset, unsigned char* words,
                               size_t size);

#ifdef __cplusplus
}
#endif
#endif
