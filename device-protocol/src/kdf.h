/* H, KDF and MAC16 of PROTOCOL.md 1 over the platform's SHA-256. Labels are given without their
 * "tributary/v1/" prefix. */
#ifndef TRIBUTARY_SRC_KDF_H
#define TRIBUTARY_SRC_KDF_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trib_part {
  const void* data;
  size_t size;
} trib_part;

void trib_hash(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
               const char* label, const trib_part* parts, size_t count);

/* H in pieces: begin, then whole parts or a part's length and its pieces, then sha256_final. */
void trib_hash_begin(const trib_crypto_port* crypto, trib_sha256_state* state, const char* label);
void trib_hash_part(const trib_crypto_port* crypto, trib_sha256_state* state, const void* data,
                    size_t size);
void trib_hash_part_size(const trib_crypto_port* crypto, trib_sha256_state* state, uint32_t size);

void trib_kdf(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
              const unsigned char key[TRIB_KEY_BYTES], const char* label, const trib_part* parts,
              size_t count);

void trib_mac16(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                const unsigned char key[TRIB_KEY_BYTES], const char* label, const trib_part* parts,
                size_t count);

/* Verifies an Ed25519 signature over lp("tributary/v1/sig/<label>") || lp(H(label, body)). */
trib_status trib_verify_body(const trib_crypto_port* crypto, const char* label, const void* body,
                             size_t size, const unsigned char signature[TRIB_SIGNATURE_BYTES],
                             const unsigned char key[TRIB_KEY_BYTES]);
trib_status trib_sign_body(const trib_crypto_port* crypto, const char* label, const void* body,
                           size_t size, unsigned char signature[TRIB_SIGNATURE_BYTES],
                           const unsigned char seed[TRIB_KEY_BYTES]);

/* The same over a hash that is at hand. */
trib_status trib_verify_hash(const trib_crypto_port* crypto, const char* label,
                             const unsigned char hash[TRIB_HASH_BYTES],
                             const unsigned char signature[TRIB_SIGNATURE_BYTES],
                             const unsigned char key[TRIB_KEY_BYTES]);
trib_status trib_sign_hash(const trib_crypto_port* crypto, const char* label,
                           const unsigned char hash[TRIB_HASH_BYTES],
                           unsigned char signature[TRIB_SIGNATURE_BYTES],
                           const unsigned char seed[TRIB_KEY_BYTES]);

/* 1 when equal; the time does not depend on the contents. */
int trib_equal(const unsigned char* a, const unsigned char* b, size_t size);

#ifdef __cplusplus
}
#endif
#endif
