#include "device-protocol/src/discrete_gaussian.h"

#include <stdbool.h>
#include <string.h>

#include "device-protocol/src/bytes.h"

/* A proposal of 2^20 deviations comes once in e^(2^20): the bound only keeps the product within 64 bits. */
enum { MOST_WHOLES = 1 << 20 };

void trib_stream_begin(trib_secret_stream* stream, const trib_crypto_port* crypto,
                       const unsigned char key[TRIB_KEY_BYTES], uint32_t block) {
  stream->crypto = crypto;
  stream->key = key;
  stream->block = block;
  stream->used = sizeof stream->bytes;
}

void trib_stream_end(trib_secret_stream* stream) {
  stream->crypto->wipe(stream->bytes, sizeof stream->bytes);
}

static uint32_t random_word(trib_secret_stream* stream) {
  uint32_t word;
  if (stream->used == sizeof stream->bytes) {
    memset(stream->bytes, 0, sizeof stream->bytes);
    stream->crypto->chacha20_xor(stream->bytes, sizeof stream->bytes, stream->key, stream->block);
    stream->block += 1;
    stream->used = 0;
  }
  word = trib_get32(stream->bytes + stream->used);
  stream->used += 4;
  return word;
}

/* Uniform in 0 .. bound-1: the high half of word * bound, without the words that would favour some. */
static uint32_t uniform_below(trib_secret_stream* stream, uint32_t bound) {
  uint64_t product;
  if (bound == 1) return 0;
  product = (uint64_t)random_word(stream) * bound;
  if ((uint32_t)product < bound) {
    const uint32_t unfair = (0U - bound) % bound; /* 2^32 mod bound */
    while ((uint32_t)product < unfair) product = (uint64_t)random_word(stream) * bound;
  }
  return (uint32_t)(product >> 32);
}

/* part / whole in [0, 1], to a power, over a divisor: a probability whose factors are drawn one by one. */
typedef struct fraction {
  uint32_t part;
  uint32_t whole;
  uint32_t power;
  uint32_t divisor;
} fraction;

static bool bernoulli(trib_secret_stream* stream, const fraction* p) {
  for (uint32_t i = 0; i < p->power; ++i) {
    if (uniform_below(stream, p->whole) >= p->part) return false;
  }
  return p->divisor == 1 || uniform_below(stream, p->divisor) == 0;
}

/* Algorithm 1: true with probability e^-p. */
static bool bernoulli_exp(trib_secret_stream* stream, fraction p) {
  uint32_t k = 1;
  while (bernoulli(stream, &p) && uniform_below(stream, k) == 0) ++k;
  return k % 2 == 1;
}

static bool bernoulli_exp_times(trib_secret_stream* stream, fraction p, uint64_t times) {
  for (; times > 0; --times) {
    if (!bernoulli_exp(stream, p)) return false;
  }
  return true;
}

/* With y = rest + deviation * wholes, the proposal is kept with probability exp(-(y - deviation)^2 /
 * (2 deviation^2)): of (rest / deviation + wholes - 1)^2 / 2 each term is an exponent of its own. */
static bool keep(trib_secret_stream* stream, uint32_t rest, uint32_t wholes, uint32_t deviation) {
  const fraction half = {1, 1, 0, 2};
  fraction square = {rest, deviation, 2, 2};
  fraction cross = {rest, deviation, 1, 1};
  uint64_t over;
  if (wholes == 0) {
    square.part = deviation - rest;
    return bernoulli_exp(stream, square);
  }
  over = wholes - 1;
  return bernoulli_exp(stream, square) && bernoulli_exp_times(stream, cross, over) &&
         bernoulli_exp_times(stream, half, over * over);
}

int64_t trib_discrete_gaussian(trib_secret_stream* stream, uint32_t deviation) {
  const fraction one = {1, 1, 0, 1};
  for (;;) {
    /* Algorithm 2: a discrete Laplace sample of scale `deviation`. */
    fraction share = {uniform_below(stream, deviation), deviation, 1, 1};
    uint32_t wholes = 0;
    bool negative;
    if (!bernoulli_exp(stream, share)) continue;
    while (wholes < MOST_WHOLES && bernoulli_exp(stream, one)) ++wholes;
    negative = (random_word(stream) & 1) != 0;
    if (negative && share.part == 0 && wholes == 0) continue; /* 0 would count twice */
    if (keep(stream, share.part, wholes, deviation)) {
      const int64_t magnitude = (int64_t)share.part + (int64_t)deviation * (int64_t)wholes;
      return negative ? -magnitude : magnitude;
    }
  }
}
