/* Numbers everybody draws alike from a public seed (crypto/public_draw.hpp). */
#ifndef TRIBUTARY_SRC_PUBLIC_DRAW_H
#define TRIBUTARY_SRC_PUBLIC_DRAW_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Little-endian words of ChaCha20(seed), one after the other; the seed is the caller's. */
typedef struct trib_public_draw {
  const trib_crypto_port* crypto;
  const unsigned char* seed;
  uint32_t next; /* word */
  unsigned char block[64];
} trib_public_draw;

void trib_draw_begin(trib_public_draw* draw, const trib_crypto_port* crypto,
                     const unsigned char seed[TRIB_KEY_BYTES]);
/* Uniform in 0 .. bound-1, bound from 1; words from the largest multiple of bound on are passed over. */
uint32_t trib_draw_below(trib_public_draw* draw, uint32_t bound);

#ifdef __cplusplus
}
#endif
#endif
