/* The noise a device adds to its own words before they are masked (PROTOCOL.md 6.3). */
#ifndef TRIBUTARY_SRC_DEVICE_NOISE_H
#define TRIBUTARY_SRC_DEVICE_NOISE_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of one update. */
typedef struct trib_device_noise {
  const trib_crypto_port* crypto;
  unsigned char key[TRIB_KEY_BYTES]; /* a secret of this device and round */
  uint32_t parameters;               /* d': words before the weight */
  uint32_t model_deviation;          /* from 1 */
  uint32_t metric_deviation;
} trib_device_noise;

/* Adds the noise of words [first, first + count), modulo 2^32. A function of the key and the word's index:
 * a chunk made again is the same. */
void trib_add_device_noise(const trib_device_noise* noise, int32_t* words, uint32_t first,
                           uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
