/* Which parameters a round trains, and which of them travel (PROTOCOL.md 5.1, crypto/subset.hpp). */
#ifndef TRIBUTARY_SRC_SUBSET_H
#define TRIBUTARY_SRC_SUBSET_H

#include <stdbool.h>

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trib_subset {
  uint32_t first; /* trained: first .. first + count - 1 */
  uint32_t count;
  uint32_t block_words; /* 0: all that are trained travel */
  uint32_t blocks;      /* of that many words travel, drawn with `seed` */
  uint32_t words;       /* d': how many parameters travel */
  bool error_feedback;
  unsigned char seed[TRIB_KEY_BYTES];
} trib_subset;

/* The seed of a round's public draw of blocks. */
void trib_block_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                     const unsigned char task_id[TRIB_ID_BYTES], uint64_t round);

/* Within the limits of the protocol, for a model of so many parameters. The others need that. */
bool trib_subset_valid(const trib_subset* subset, uint32_t parameters);

/* Blocks there are to draw from; 0 where all that are trained travel. */
uint32_t trib_subset_blocks(const trib_subset* subset);

/* d', from all members but `words`: no memory, one step per block. */
uint32_t trib_subset_words(const trib_crypto_port* crypto, const trib_subset* subset);

/* Sets bit b%8 of map[b/8] for each block b that travels; map has (blocks + 7) / 8 bytes, scratch 4 bytes
 * for each block. */
void trib_subset_map(const trib_crypto_port* crypto, const trib_subset* subset, unsigned char* map,
                     unsigned char* scratch);

/* out[count] = the travelling ones of trained[count] in ascending order, then the others. */
void trib_subset_gather(float* out, const float* trained, const trib_subset* subset,
                        const unsigned char* map);
/* The inverse: trained[count] from what gather made. */
void trib_subset_scatter(float* trained, const float* gathered, const trib_subset* subset,
                         const unsigned char* map);

/* trained[count]: those that travel become 0. */
void trib_subset_clear(float* trained, const trib_subset* subset, const unsigned char* map);

#ifdef __cplusplus
}
#endif
#endif
