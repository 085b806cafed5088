/* A prekey: what a device leaves at the gateway for one slot, byte for byte as
 * crypto/pairwise/prekey.hpp says. */
#ifndef TRIBUTARY_SRC_PREKEY_H
#define TRIBUTARY_SRC_PREKEY_H

#include "device-protocol/src/sealed_share.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_PREKEY_HEAD_BYTES = 220, TRIB_PREKEY_SHARE_BYTES = 2 * TRIB_SEALED_SHARE_BYTES };

/* What a device keeps of one of its neighbours. */
typedef struct trib_neighbour {
  unsigned char id[TRIB_ID_BYTES];
  unsigned char verify_key[TRIB_KEY_BYTES]; /* Ed25519, of its certificate */
  unsigned char to_holder[TRIB_KEY_BYTES];  /* share-pair key where this device owns the shares */
  unsigned char from_owner[TRIB_KEY_BYTES]; /* where the neighbour does */
  uint32_t index;                           /* in the roster */
} trib_neighbour;

/* The owner's side. */
typedef struct trib_prekey_owner {
  uint32_t index;                     /* in the roster */
  const unsigned char* id;            /* [16] */
  const unsigned char* identity_seed; /* [32], Ed25519 */
  const unsigned char* chain_key;     /* [32], at the slot of the terms */
  const trib_neighbour* neighbours;   /* [k], ascending */
  uint8_t count;                      /* k */
} trib_prekey_owner;

/* Writes 220 + 96 k bytes: the same ones every time. coefficients[(t-1) * 32] is the caller's
 * scratch, wiped. TRIB_CRYPTO when the identity cannot sign. */
trib_status trib_make_prekey(const trib_crypto_port* crypto, unsigned char* out,
                             unsigned char* coefficients, const trib_slot_terms* terms,
                             const trib_prekey_owner* owner);

/* What a reader takes from a head that passed. */
typedef struct trib_slot_keys {
  unsigned char mask_key[TRIB_KEY_BYTES];
  unsigned char commitment[TRIB_HASH_BYTES];
} trib_slot_keys;

/* A head of `owner` under these terms, in a graph of `degree` neighbours. TRIB_MALFORMED: not a
 * head. TRIB_BAD_CONTEXT: other terms or another owner. TRIB_BAD_SIGNATURE. */
trib_status trib_read_head(const trib_crypto_port* crypto, trib_slot_keys* out,
                           const unsigned char* head, size_t size, const trib_slot_terms* terms,
                           uint8_t degree, const trib_neighbour* owner);
/* The owner a head names; only once trib_read_head passed is it true. size >= 8. */
uint32_t trib_head_index(const unsigned char* head);

#ifdef __cplusplus
}
#endif
#endif
