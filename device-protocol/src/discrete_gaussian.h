/* Exact samples of the discrete Gaussian (Canonne, Kamath and Steinke 2020, arXiv 2004.00010, algorithms 1
 * to 3) in 32-bit integers: no floating point, and no error but that of the key stream. Not constant in time. */
#ifndef TRIBUTARY_SRC_DISCRETE_GAUSSIAN_H
#define TRIBUTARY_SRC_DISCRETE_GAUSSIAN_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A secret stream of random words: ChaCha20 under `key`, from block `block` on. */
typedef struct trib_secret_stream {
  const trib_crypto_port* crypto;
  const unsigned char* key;
  uint32_t block;
  uint32_t used; /* bytes of the block */
  unsigned char bytes[64];
} trib_secret_stream;

void trib_stream_begin(trib_secret_stream* stream, const trib_crypto_port* crypto,
                       const unsigned char key[TRIB_KEY_BYTES], uint32_t block);
void trib_stream_end(trib_secret_stream* stream);

/* P(x) proportional to exp(-x^2 / (2 deviation^2)) over the integers; deviation 1 .. 2^31 - 1. */
int64_t trib_discrete_gaussian(trib_secret_stream* stream, uint32_t deviation);

#ifdef __cplusplus
}
#endif
#endif
