/* Adds a mask to words of a ring (PROTOCOL.md 7.3). */
#ifndef TRIBUTARY_SRC_MASK_H
#define TRIBUTARY_SRC_MASK_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* words[size] += PRG(seed) from the mask's byte `offset` on, word by word mod 2^bits. bits is 16, 24
 * or 32; offset and size are multiples of the word's bytes. */
trib_status trib_add_mask(const trib_crypto_port* crypto, unsigned bits,
                          const unsigned char seed[TRIB_KEY_BYTES], uint64_t offset,
                          unsigned char* words, size_t size);

#ifdef __cplusplus
}
#endif
#endif
