#include "device-protocol/ports/cortex-m/firmware/entropy.h"

#include <string.h>

#include "device-protocol/ports/cortex-m/firmware/flash_image.h"

static void derive(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                   const unsigned char seed[TRIB_KEY_BYTES], const char* purpose) {
  trib_sha256_state state;
  crypto->sha256_init(&state);
  crypto->sha256_update(&state, seed, TRIB_KEY_BYTES);
  crypto->sha256_update(&state, purpose, strlen(purpose));
  crypto->sha256_final(&state, out);
}

trib_status trib_entropy_start(trib_entropy* entropy, const trib_crypto_port* crypto,
                               trib_flash_records* records) {
  unsigned char seed[TRIB_KEY_BYTES];
  unsigned char next[TRIB_KEY_BYTES];
  size_t size;
  trib_status status = trib_flash_load(records, TRIB_RECORD_SEED, 0, seed, sizeof seed, &size);
  if (status == TRIB_OK && size != sizeof seed) status = TRIB_NOT_FOUND;
  if (status != TRIB_OK) return status;
  entropy->crypto = crypto;
  derive(crypto, next, seed, "next");
  derive(crypto, entropy->key, seed, "stream");
  status = trib_flash_save(records, TRIB_RECORD_SEED, next, sizeof next, NULL, 0);
  crypto->wipe(seed, sizeof seed);
  crypto->wipe(next, sizeof next);
  return status;
}

/* The key of the next call comes first in the stream: what was drawn cannot be drawn again. */
void trib_entropy_draw(trib_entropy* entropy, void* out, size_t size) {
  unsigned char block[64];
  unsigned char key[TRIB_KEY_BYTES];
  unsigned char* at = (unsigned char*)out;
  uint32_t counter = 1;
  memcpy(key, entropy->key, sizeof key);
  memset(entropy->key, 0, sizeof entropy->key);
  entropy->crypto->chacha20_xor(entropy->key, sizeof entropy->key, key, 0);
  while (size > 0) {
    const size_t take = size < sizeof block ? size : sizeof block;
    memset(block, 0, sizeof block);
    entropy->crypto->chacha20_xor(block, sizeof block, key, counter++);
    memcpy(at, block, take);
    at += take;
    size -= take;
  }
  entropy->crypto->wipe(block, sizeof block);
  entropy->crypto->wipe(key, sizeof key);
}
