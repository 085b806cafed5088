/* The crypto port over BearSSL: a third of libsodium's flash. All of it is constant time in secrets.
 * BearSSL has no Ed25519; ed25519.c makes one of its big integers and SHA-512.
 *
 * TRIB_BEARSSL_I15 chooses arithmetic of 15-bit words, for cores whose long multiplication takes a
 * time that depends on its operands (Cortex-M3, M0); otherwise words of 31 bits. */
#ifndef TRIBUTARY_PORTS_BEARSSL_PORT_H
#define TRIBUTARY_PORTS_BEARSSL_PORT_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const trib_crypto_port trib_bearssl_crypto;

/* RFC 8032, as libsodium has it: no S >= L, no point that is not canonical, no key and no R of small
 * order; the equation without cofactor. Verification takes a time that depends on its arguments. */
trib_status trib_bearssl_ed25519_verify(const unsigned char signature[TRIB_SIGNATURE_BYTES],
                                        const unsigned char* message, size_t size,
                                        const unsigned char public_key[TRIB_KEY_BYTES]);
trib_status trib_bearssl_ed25519_sign(unsigned char signature[TRIB_SIGNATURE_BYTES],
                                      const unsigned char* message, size_t size,
                                      const unsigned char seed[TRIB_KEY_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
