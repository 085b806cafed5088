#include "device-protocol/src/seal.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

static const char label[] = "tributary/v1/chunk";

/* lp(label) || lp(ctx_hash) || lp(device_id) || lp(index || total) || lp(bits) */
enum {
  LABEL_BYTES = sizeof label - 1,
  AAD_BYTES = 4 + LABEL_BYTES + 4 + TRIB_HASH_BYTES + 4 + TRIB_ID_BYTES + 4 + 8 + 4 + 1
};

static unsigned char* put_part(unsigned char* at, const void* data, uint32_t size) {
  trib_put32(at, size);
  memcpy(at + 4, data, size);
  return at + 4 + size;
}

void trib_seal_chunk(const trib_crypto_port* crypto, const unsigned char upload_key[TRIB_KEY_BYTES],
                     const trib_chunk_place* place, unsigned char* words, size_t size) {
  const unsigned char bits = (unsigned char)place->ring_bits;
  unsigned char aad[AAD_BYTES];
  unsigned char position[8];
  unsigned char nonce[12] = {0};
  unsigned char* at = put_part(aad, label, LABEL_BYTES);
  trib_put32(position, place->index);
  trib_put32(position + 4, place->total);
  trib_put32(nonce, place->index);
  at = put_part(at, place->name->ctx_hash, TRIB_HASH_BYTES);
  at = put_part(at, place->name->device_id, TRIB_ID_BYTES);
  at = put_part(at, position, sizeof position);
  at = put_part(at, &bits, 1);
  crypto->aead_seal(words, size, words + size, aad, (size_t)(at - aad), nonce, upload_key);
}
