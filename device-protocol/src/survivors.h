/* Whose uploads are in the sum of a round, what a device has said about it, and who is asked to say
 * so (crypto/pairwise/survivor_set.hpp, slot_vow.hpp, witnesses.hpp). */
#ifndef TRIBUTARY_SRC_SURVIVORS_H
#define TRIBUTARY_SRC_SURVIVORS_H

#include <stdbool.h>

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_MAX_MEMBERS = 5000, TRIB_MEMBER_BITMAP = (TRIB_MAX_MEMBERS + 7) / 8 };

/* A round of the mode and the survivors somebody named. */
typedef struct trib_slot_vow {
  uint32_t slot;
  unsigned char graph_seed[TRIB_HASH_BYTES];
  unsigned char ctx_hash[TRIB_HASH_BYTES];
  unsigned char survivors_hash[TRIB_HASH_BYTES];
} trib_slot_vow;

/* Bit i%8 of byte i/8. */
bool trib_bit(const unsigned char* bitmap, uint32_t i);
void trib_set_bit(unsigned char* bitmap, uint32_t i);
void trib_clear_bit(unsigned char* bitmap, uint32_t i);

/* How many bits of the first n are set; more than n when one behind them is. bitmap[ceil(n/8)]. */
uint32_t trib_survivor_count(const unsigned char* bitmap, uint32_t n);

/* H("survivor-set", graph seed, ctx_hash, u32 slot, u32 n, u32 of each survivor ..) of the vow's
 * round into its survivors_hash. `count` is trib_survivor_count's. */
void trib_hash_survivors(const trib_crypto_port* crypto, trib_slot_vow* vow,
                         const unsigned char* bitmap, uint32_t n, uint32_t count);

/* Whether a device that has said `last` (NULL: nothing) may say `next`: a later slot, or the same
 * again. Anything else is refused for ever. */
bool trib_may_say(const trib_slot_vow* last, const trib_slot_vow* next);

/* The witnesses of a slot: `witnesses` bits of drawn[ceil(n/8)]. order[n] is the caller's scratch. */
void trib_draw_witnesses(const trib_crypto_port* crypto, unsigned char* drawn, uint16_t* order,
                         const unsigned char graph_seed[TRIB_HASH_BYTES], uint32_t slot, uint32_t n,
                         uint32_t witnesses);

#ifdef __cplusplus
}
#endif
#endif
