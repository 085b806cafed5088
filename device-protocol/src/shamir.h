/* Shares of 32-byte secrets over GF(2^8), polynomial 0x11b (crypto/pairwise/shamir.hpp). Constant
 * time in secret and coefficients. Devices only split; servers put together. */
#ifndef TRIBUTARY_SRC_SHAMIR_H
#define TRIBUTARY_SRC_SHAMIR_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_SHARE_BYTES = 32 };

/* The share at `point`, 1..255: secret + c_1 point + .. + c_(threshold-1) point^(threshold-1).
 * `coefficients` are (threshold-1) * 32 secret random bytes, c_1 first: the same for all shares of
 * one secret, used for nothing else, wiped by the caller; NULL when threshold is 1. One share at a
 * time, so that it can be sealed and sent before the next is made.
 * TRIB_BAD_ARGUMENT: point or threshold 0. */
trib_status trib_shamir_share(const trib_crypto_port* crypto, unsigned char out[TRIB_SHARE_BYTES],
                              const unsigned char secret[TRIB_SHARE_BYTES],
                              const unsigned char* coefficients, uint8_t threshold, uint8_t point);

#ifdef __cplusplus
}
#endif
#endif
