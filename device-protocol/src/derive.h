/* The keys, seeds, tickets and macs of one upload (PROTOCOL.md 7). */
#ifndef TRIBUTARY_SRC_DERIVE_H
#define TRIBUTARY_SRC_DERIVE_H

#include "device-protocol/src/kdf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What every derivation of an upload is bound to. */
typedef struct trib_upload_name {
  unsigned char ctx_hash[TRIB_HASH_BYTES];
  unsigned char device_id[TRIB_ID_BYTES];
  unsigned char nonce[TRIB_NONCE_BYTES];
} trib_upload_name;

/* The other party of a pair key, as certified. */
typedef struct trib_pair_party {
  unsigned char id[TRIB_ID_BYTES];
  unsigned char public_key[TRIB_KEY_BYTES];
  uint32_t epoch;
} trib_pair_party;

/* The device's side of a pair key. `psk` has 0 or 32 bytes. TRIB_CRYPTO: low-order public key. */
trib_status trib_pair_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char secret[TRIB_KEY_BYTES],
                          const unsigned char device_id[TRIB_ID_BYTES],
                          const trib_pair_party* party, const unsigned char* psk, size_t psk_size);

void trib_mask_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                    const unsigned char pair_key[TRIB_KEY_BYTES], const trib_upload_name* name);
void trib_upload_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                     const unsigned char gateway_key[TRIB_KEY_BYTES], const trib_upload_name* name);
void trib_ticket(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                 const unsigned char pair_key[TRIB_KEY_BYTES], const trib_upload_name* name,
                 const unsigned char digest[TRIB_HASH_BYTES]);
void trib_receipt_mac(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                      const unsigned char gateway_key[TRIB_KEY_BYTES], const trib_upload_name* name,
                      const unsigned char digest[TRIB_HASH_BYTES]);

/* The digest of an upload whose tags come one after the other, in order, `total` of them:
 * begin, sha256_update per tag, sha256_final. */
void trib_digest_begin(const trib_crypto_port* crypto, trib_sha256_state* state,
                       const trib_upload_name* name, uint32_t total);

#ifdef __cplusplus
}
#endif
#endif
