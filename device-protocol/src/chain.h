/* Where the secrets of all slots of a device come from (crypto/pairwise/prekey_chain.hpp): one key,
 * moved on slot by slot. */
#ifndef TRIBUTARY_SRC_CHAIN_H
#define TRIBUTARY_SRC_CHAIN_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of which of the two secrets a share is. */
typedef enum trib_share_kind {
  TRIB_SHARE_MASK_SECRET = 1,
  TRIB_SHARE_SELF_SEED = 2
} trib_share_kind;

/* What a slot's secrets are bound to besides the chain. */
typedef struct trib_slot_terms {
  unsigned char graph_seed[TRIB_HASH_BYTES];
  uint32_t slot;
  uint8_t threshold; /* t >= 1 */
} trib_slot_terms;

/* chain_s becomes chain_(s+1), in place. */
void trib_chain_next(const trib_crypto_port* crypto, unsigned char key[TRIB_KEY_BYTES]);

/* `key` is the chain's at terms->slot. */
void trib_chain_mask_secret(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                            const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms);
void trib_chain_self_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms);
/* (threshold - 1) * 32 secret bytes for trib_shamir_share; the caller wipes them. */
void trib_chain_coefficients(const trib_crypto_port* crypto, unsigned char* out,
                             const unsigned char key[TRIB_KEY_BYTES], const trib_slot_terms* terms,
                             trib_share_kind kind);

#ifdef __cplusplus
}
#endif
#endif
