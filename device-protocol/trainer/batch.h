/* Which example comes when: a permutation of the examples per epoch that needs no memory. */
#ifndef TRIBUTARY_TRAINER_BATCH_H
#define TRIBUTARY_TRAINER_BATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* SplitMix64 (Steele, Lea, Flood 2014): one step of a generator, also used as a hash. */
static inline uint64_t trib_mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
  return value ^ value >> 31;
}

/* The example at `position` of the endless pass over `count` >= 1 examples. */
uint32_t trib_example_at(uint64_t seed, uint64_t position, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
