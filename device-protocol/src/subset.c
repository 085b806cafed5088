#include "device-protocol/src/subset.h"

#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/kdf.h"
#include "device-protocol/src/public_draw.h"

enum { MOST_BLOCKS = 65536 };

void trib_block_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                     const unsigned char task_id[TRIB_ID_BYTES], uint64_t round) {
  unsigned char number[8];
  const trib_part parts[] = {{task_id, TRIB_ID_BYTES}, {number, sizeof number}};
  trib_put64(number, round);
  trib_hash(crypto, out, "blocks", parts, 2);
}

uint32_t trib_subset_blocks(const trib_subset* subset) {
  return subset->block_words == 0 ? 0 : (subset->count - 1) / subset->block_words + 1;
}

bool trib_subset_valid(const trib_subset* subset, uint32_t parameters) {
  if (subset->count == 0 || subset->first >= parameters ||
      subset->count > parameters - subset->first) {
    return false;
  }
  if (subset->block_words == 0) return subset->blocks == 0 && !subset->error_feedback;
  return subset->block_words <= subset->count && trib_subset_blocks(subset) <= MOST_BLOCKS &&
         subset->blocks >= 1 && subset->blocks <= trib_subset_blocks(subset);
}

/* Where the last block, the one that may be short, ends up in the permutation. */
static uint32_t place_of_last(const trib_crypto_port* crypto, const trib_subset* subset) {
  const uint32_t all = trib_subset_blocks(subset);
  uint32_t place = all - 1;
  trib_public_draw draw;
  trib_draw_begin(&draw, crypto, subset->seed);
  for (uint32_t i = all - 1; i > 0; --i) {
    const uint32_t j = trib_draw_below(&draw, i + 1);
    if (place == i) {
      place = j;
    } else if (place == j) {
      place = i;
    }
  }
  return place;
}

uint32_t trib_subset_words(const trib_crypto_port* crypto, const trib_subset* subset) {
  const uint32_t left_over = subset->block_words == 0 ? 0 : subset->count % subset->block_words;
  uint32_t words;
  if (subset->block_words == 0) return subset->count;
  if (subset->blocks == trib_subset_blocks(subset)) return subset->count;
  words = subset->blocks * subset->block_words;
  if (left_over != 0 && place_of_last(crypto, subset) < subset->blocks) {
    words -= subset->block_words - left_over;
  }
  return words;
}

void trib_subset_map(const trib_crypto_port* crypto, const trib_subset* subset, unsigned char* map,
                     unsigned char* scratch) {
  const uint32_t all = trib_subset_blocks(subset);
  trib_public_draw draw;
  for (uint32_t b = 0; b < all; ++b) trib_put32(scratch + 4 * (size_t)b, b);
  trib_draw_begin(&draw, crypto, subset->seed);
  for (uint32_t i = all; i-- > 1;) {
    unsigned char* here = scratch + 4 * (size_t)i;
    unsigned char* there = scratch + 4 * (size_t)trib_draw_below(&draw, i + 1);
    const uint32_t swapped = trib_get32(here);
    trib_put32(here, trib_get32(there));
    trib_put32(there, swapped);
  }
  memset(map, 0, (all + 7) / 8);
  for (uint32_t i = 0; i < subset->blocks; ++i) {
    const uint32_t b = trib_get32(scratch + 4 * (size_t)i);
    map[b / 8] = (unsigned char)(map[b / 8] | 1U << (b % 8));
  }
}

static bool travels(const trib_subset* subset, const unsigned char* map, uint32_t trained) {
  const uint32_t b = subset->block_words == 0 ? 0 : trained / subset->block_words;
  return subset->block_words == 0 || (map[b / 8] >> (b % 8) & 1) != 0;
}

void trib_subset_gather(float* out, const float* trained, const trib_subset* subset,
                        const unsigned char* map) {
  uint32_t word = 0;
  uint32_t other = subset->words;
  for (uint32_t j = 0; j < subset->count; ++j) {
    out[travels(subset, map, j) ? word++ : other++] = trained[j];
  }
}

void trib_subset_scatter(float* trained, const float* gathered, const trib_subset* subset,
                         const unsigned char* map) {
  uint32_t word = 0;
  uint32_t other = subset->words;
  for (uint32_t j = 0; j < subset->count; ++j) {
    trained[j] = gathered[travels(subset, map, j) ? word++ : other++];
  }
}

void trib_subset_clear(float* trained, const trib_subset* subset, const unsigned char* map) {
  for (uint32_t j = 0; j < subset->count; ++j) {
    if (travels(subset, map, j)) trained[j] = 0.0F;
  }
}
