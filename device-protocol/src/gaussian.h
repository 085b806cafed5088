/* Gaussian noise from a ChaCha20 stream, for the optional local noise on gradients. */
#ifndef TRIBUTARY_SRC_GAUSSIAN_H
#define TRIBUTARY_SRC_GAUSSIAN_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* values[i] += deviation * z_i with z standard normal (Box-Muller over 32-bit uniforms), a pure
 * function of the key. The key serves one call only. */
void trib_add_gaussian(const trib_crypto_port* crypto, float* values, uint32_t count,
                       float deviation, const unsigned char key[TRIB_KEY_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
