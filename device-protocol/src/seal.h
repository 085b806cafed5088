/* Seals the masked words of a chunk (PROTOCOL.md 7.4). */
#ifndef TRIBUTARY_SRC_SEAL_H
#define TRIBUTARY_SRC_SEAL_H

#include "device-protocol/src/derive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a chunk belongs; everything the tag vouches for besides the words. */
typedef struct trib_chunk_place {
  const trib_upload_name* name;
  uint32_t index;
  uint32_t total;
  uint32_t ring_bits;
} trib_chunk_place;

/* Encrypts words[size] in place and writes the tag behind them: room for size + TRIB_TAG_BYTES. */
void trib_seal_chunk(const trib_crypto_port* crypto, const unsigned char upload_key[TRIB_KEY_BYTES],
                     const trib_chunk_place* place, unsigned char* words, size_t size);

#ifdef __cplusplus
}
#endif
#endif
