/* The block Hadamard rotation of PROTOCOL.md 6.1: orthogonal, in place, as many words as before. */
#ifndef TRIBUTARY_SRC_ROTATE_H
#define TRIBUTARY_SRC_ROTATE_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Words in a block: the largest power of two up to 4,096 and `count`; count from 1. */
uint32_t trib_rotation_block(uint32_t count);

/* The seed of a round's public signs. */
void trib_rotation_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                        const unsigned char task_id[TRIB_ID_BYTES], uint64_t round);

/* values[count] become their rotation; the L2 norm stays, up to float rounding. */
void trib_rotate(const trib_crypto_port* crypto, float* values, uint32_t count,
                 const unsigned char seed[TRIB_KEY_BYTES]);
/* The inverse, up to float rounding. */
void trib_unrotate(const trib_crypto_port* crypto, float* values, uint32_t count,
                   const unsigned char seed[TRIB_KEY_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
