#include "device-protocol/trainer/batch.h"

static uint32_t common_divisor(uint32_t a, uint32_t b) {
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* k -> stride * k + start (mod count) visits every example once when stride and count share no
 * divisor; stride and start are new in every epoch. */
uint32_t trib_example_at(uint64_t seed, uint64_t position, uint32_t count) {
  const uint64_t epoch = position / count;
  const uint64_t place = position % count;
  const uint64_t draw = trib_mix(seed ^ trib_mix(epoch));
  uint32_t stride = (uint32_t)(draw % count);
  while (common_divisor(stride, count) != 1) stride = (stride + 1) % count;
  return (uint32_t)((stride * place + trib_mix(draw) % count) % count);
}
