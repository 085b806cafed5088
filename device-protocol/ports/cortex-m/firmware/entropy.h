/* Random numbers on a board without a generator of its own: a ChaCha20 stream from a seed that was provisioned
 * and is replaced in flash at every start, before the first number leaves. So no start repeats another one, also after
 * power that fails at any instant, and a device that is opened does not tell what it drew before. A board that has a
 * generator mixes it into the seed or uses it alone. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_ENTROPY_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_ENTROPY_H

#include "device-protocol/ports/flash/records.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trib_entropy {
  const trib_crypto_port* crypto;
  unsigned char key[TRIB_KEY_BYTES];
} trib_entropy;

/* TRIB_NOT_FOUND: no seed was provisioned. */
trib_status trib_entropy_start(trib_entropy* entropy, const trib_crypto_port* crypto,
                               trib_flash_records* records);
void trib_entropy_draw(trib_entropy* entropy, void* out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
