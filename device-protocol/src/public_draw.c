#include "device-protocol/src/public_draw.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

void trib_draw_begin(trib_public_draw* draw, const trib_crypto_port* crypto,
                     const unsigned char seed[TRIB_KEY_BYTES]) {
  draw->crypto = crypto;
  draw->seed = seed;
  draw->next = 0;
}

static uint32_t next_word(trib_public_draw* draw) {
  const uint32_t per_block = sizeof draw->block / 4;
  const uint32_t at = draw->next % per_block;
  if (at == 0) {
    memset(draw->block, 0, sizeof draw->block);
    draw->crypto->chacha20_xor(draw->block, sizeof draw->block, draw->seed, draw->next / per_block);
  }
  ++draw->next;
  return trib_get32(draw->block + 4 * at);
}

uint32_t trib_draw_below(trib_public_draw* draw, uint32_t bound) {
  const uint32_t left_over = (UINT32_MAX % bound + 1) % bound; /* 2^32 mod bound */
  uint32_t word = next_word(draw);
  while (word > UINT32_MAX - left_over) word = next_word(draw);
  return word % bound;
}
