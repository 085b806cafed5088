/* One share on its way between neighbours (crypto/pairwise/sealed_share.hpp). */
#ifndef TRIBUTARY_SRC_SEALED_SHARE_H
#define TRIBUTARY_SRC_SEALED_SHARE_H

#include "device-protocol/src/chain.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_SEALED_SHARE_BYTES = 48 };

/* One end of an edge, by identity and certified epoch key. */
typedef struct trib_share_end {
  unsigned char id[TRIB_ID_BYTES];
  unsigned char key[TRIB_KEY_BYTES];
} trib_share_end;

/* The two keys of an edge, one per direction: for shares of `own` that `other` holds, and for shares
 * of `other` that `own` holds. `secret` is own's epoch secret. TRIB_CRYPTO: a low-order key. */
trib_status trib_share_pair_keys(const trib_crypto_port* crypto,
                                 unsigned char to_holder[TRIB_KEY_BYTES],
                                 unsigned char from_owner[TRIB_KEY_BYTES],
                                 const unsigned char secret[TRIB_KEY_BYTES],
                                 const trib_share_end* own, const trib_share_end* other);

/* What the seal binds a share to, besides the pair. */
typedef struct trib_share_name {
  const unsigned char* graph_seed; /* [32] */
  uint32_t slot;
  trib_share_kind kind;
  const unsigned char* mask_key;   /* [32] of the owner in this slot */
  const unsigned char* commitment; /* [32] likewise */
} trib_share_name;

void trib_seal_share(const trib_crypto_port* crypto, unsigned char sealed[TRIB_SEALED_SHARE_BYTES],
                     const unsigned char pair_key[TRIB_KEY_BYTES], const trib_share_name* name,
                     const unsigned char share[TRIB_KEY_BYTES]);
/* TRIB_BAD_SIGNATURE: not sealed by this owner for this holder under this name, or damaged. */
trib_status trib_open_share(const trib_crypto_port* crypto, unsigned char share[TRIB_KEY_BYTES],
                            const unsigned char pair_key[TRIB_KEY_BYTES],
                            const trib_share_name* name,
                            const unsigned char sealed[TRIB_SEALED_SHARE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
