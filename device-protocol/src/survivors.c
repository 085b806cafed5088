#include "device-protocol/src/survivors.h"

#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/graph.h"
#include "device-protocol/src/kdf.h"

bool trib_bit(const unsigned char* bitmap, uint32_t i) {
  return bitmap[i / 8] >> (i % 8) & 1;
}

void trib_set_bit(unsigned char* bitmap, uint32_t i) {
  bitmap[i / 8] = (unsigned char)(bitmap[i / 8] | 1U << (i % 8));
}

void trib_clear_bit(unsigned char* bitmap, uint32_t i) {
  bitmap[i / 8] = (unsigned char)(bitmap[i / 8] & ~(1U << (i % 8)));
}

uint32_t trib_survivor_count(const unsigned char* bitmap, uint32_t n) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i) count += trib_bit(bitmap, i) ? 1 : 0;
  for (uint32_t i = n; i % 8 != 0; ++i) {
    if (trib_bit(bitmap, i)) return n + 1;
  }
  return count;
}

void trib_hash_survivors(const trib_crypto_port* crypto, trib_slot_vow* vow,
                         const unsigned char* bitmap, uint32_t n, uint32_t count) {
  trib_sha256_state state;
  unsigned char number[4];
  trib_hash_begin(crypto, &state, "survivor-set");
  trib_hash_part(crypto, &state, vow->graph_seed, sizeof vow->graph_seed);
  trib_hash_part(crypto, &state, vow->ctx_hash, sizeof vow->ctx_hash);
  trib_put32(number, vow->slot);
  trib_hash_part(crypto, &state, number, sizeof number);
  trib_put32(number, n);
  trib_hash_part(crypto, &state, number, sizeof number);
  trib_hash_part_size(crypto, &state, 4 * count);
  for (uint32_t i = 0; i < n; ++i) {
    if (!trib_bit(bitmap, i)) continue;
    trib_put32(number, i);
    crypto->sha256_update(&state, number, sizeof number);
  }
  crypto->sha256_final(&state, vow->survivors_hash);
}

bool trib_may_say(const trib_slot_vow* last, const trib_slot_vow* next) {
  if (!last || next->slot > last->slot) return true;
  return next->slot == last->slot &&
         memcmp(next->graph_seed, last->graph_seed, TRIB_HASH_BYTES) == 0 &&
         memcmp(next->ctx_hash, last->ctx_hash, TRIB_HASH_BYTES) == 0 &&
         memcmp(next->survivors_hash, last->survivors_hash, TRIB_HASH_BYTES) == 0;
}

void trib_draw_witnesses(const trib_crypto_port* crypto, unsigned char* drawn, uint16_t* order,
                         const unsigned char graph_seed[TRIB_HASH_BYTES], uint32_t slot, uint32_t n,
                         uint32_t witnesses) {
  unsigned char number[4];
  unsigned char seed[TRIB_HASH_BYTES];
  const trib_part parts[] = {{graph_seed, TRIB_HASH_BYTES}, {number, sizeof number}};
  trib_put32(number, slot);
  trib_hash(crypto, seed, "witnesses", parts, 2);
  trib_permutation(crypto, order, seed, (uint16_t)n);
  memset(drawn, 0, (n + 7) / 8);
  for (uint32_t i = 0; i < witnesses; ++i) trib_set_bit(drawn, order[i]);
}
