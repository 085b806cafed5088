#include "device-protocol/trainer/batch.h"

enum { ROUNDS = 4 };

/* A Feistel network: whatever the round function, a permutation of the numbers of 2 * half bits. */
static uint32_t shuffle(uint32_t value, uint32_t half, uint64_t key) {
  const uint32_t mask = (1U << half) - 1;
  uint32_t left = value >> half;
  uint32_t right = value & mask;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    const uint32_t next = left ^ ((uint32_t)trib_mix(key + ((uint64_t)round << 32 | right)) & mask);
    left = right;
    right = next;
  }
  return left << half | right;
}

uint32_t trib_example_at(uint64_t seed, uint64_t position, uint32_t count) {
  const uint64_t key = trib_mix(seed ^ trib_mix(position / count));
  uint32_t example = (uint32_t)(position % count);
  uint32_t half = 1;
  while (half < 16 && (uint64_t)1 << 2 * half < count) ++half;
  /* Walking the permutation's cycle until it is back among the examples permutes just them; the
   * walk has four steps on average where it is longest. */
  do {
    example = shuffle(example, half, key);
  } while (example >= count);
  return example;
}
