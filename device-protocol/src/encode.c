#include "device-protocol/src/encode.h"

#include <math.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/parts.h"
#include "device-protocol/src/rotate.h"

enum { DRAW_BYTES = 64, DRAWS = DRAW_BYTES / 4 };

static bool is_rotated(const trib_encoding* encoding) {
  return TRIB_WITH_ROTATION && encoding->rotated;
}

uint32_t trib_word_count(const trib_encoding* encoding, uint32_t parameters) {
  return parameters + 3 + encoding->canary_words;
}

/* The weight word W of protocol 6, at least 1. */
static double weight_word(const trib_encoding* encoding, const trib_update_summary* summary) {
  const double share = (double)summary->examples / (double)encoding->weight_examples_cap;
  const double word = trunc(ldexp(share > 1.0 ? 1.0 : share, (int)encoding->weight_scale_log2));
  return word < 1.0 ? 1.0 : word;
}

/* s * w, with the w that the weight word says. */
static double factor_of(const trib_encoding* encoding, const trib_update_summary* summary) {
  return ldexp(weight_word(encoding, summary),
               (int)encoding->scale_log2 - (int)encoding->weight_scale_log2);
}

/* One random number a word, made a block at a time. */
typedef struct draws {
  const trib_rounding* rounding;
  uint32_t block;
  unsigned char bytes[DRAW_BYTES];
} draws;

static void begin_draws(draws* d, const trib_rounding* rounding) {
  d->rounding = rounding;
  d->block = UINT32_MAX;
}

static void end_draws(draws* d) {
  if (d->rounding) d->rounding->crypto->wipe(d->bytes, sizeof d->bytes);
}

static uint32_t draw(draws* d, uint32_t word) {
  const uint32_t block = word / DRAWS;
  if (block != d->block) {
    memset(d->bytes, 0, sizeof d->bytes);
    d->rounding->crypto->chacha20_xor(d->bytes, sizeof d->bytes, d->rounding->key, block);
    d->block = block;
  }
  return trib_get32(d->bytes + 4 * (word % DRAWS));
}

/* Truncated, or rounded up with the probability of its fraction. */
static double to_integer(draws* d, double value, uint32_t word) {
  const double below = floor(value);
  if (!TRIB_WITH_ROTATION || !d->rounding) return trunc(value);
  return (double)draw(d, word) < (value - below) * 4294967296.0 ? below + 1.0 : below;
}

/* The largest magnitude of a device's model word. */
static double word_bound(const trib_encoding* encoding) {
  const int scale = (int)encoding->scale_log2;
  const double largest = ldexp(1.0, (int)encoding->ring_bits - 1) - 1.0;
  const double norm = floor(ldexp((double)encoding->clip_l2, scale)) + 1.0;
  if (!is_rotated(encoding)) return floor(ldexp((double)encoding->clip_inf, scale));
  return norm < largest ? norm : largest;
}

/* The largest squared L2 norm of a device's model words. */
static double norm_bound(const trib_encoding* encoding, uint32_t parameters) {
  const double radius = ldexp((double)encoding->clip_l2, (int)encoding->scale_log2);
  const double root = sqrt((double)parameters);
  const double surely = (radius + root) * (radius + root);
  const double likely = radius * radius + (double)parameters / 4.0 + radius + root / 2.0;
  if (!is_rotated(encoding)) return floor(radius * radius);
  return floor(surely < likely ? surely : likely);
}

double trib_model_noise(const trib_encoding* encoding, uint32_t parameters) {
  return ceil((double)encoding->device_noise * sqrt(norm_bound(encoding, parameters)));
}

double trib_metric_noise(const trib_encoding* encoding) {
  return ceil(4.0 * (double)encoding->device_noise * ldexp(1.0, (int)encoding->weight_scale_log2));
}

bool trib_cannot_wrap(const trib_encoding* encoding, uint32_t parameters, uint32_t n_max) {
  const double half = ldexp(1.0, (int)encoding->ring_bits - 1);
  const double n = (double)n_max;
  const double tail = 8.0 * sqrt(n);
  const double metric = tail * trib_metric_noise(encoding);
  const double model = tail * trib_model_noise(encoding, parameters);
  if (n * ldexp(1.0, (int)encoding->weight_scale_log2) + metric >= half) return false;
  if (!is_rotated(encoding)) return n * word_bound(encoding) + model < half;
  {
    /* A word of the sum is a sum of +-z_i / sqrt(block): beyond `spread` deviations nowhere in the
     * vector but once in 2^40 (Hoeffding). Each rounding adds less than 1. */
    const double ln2 = 0.6931471805599453;
    const double spread = sqrt(2.0 * (log(2.0 * (double)parameters) + 40.0 * ln2));
    const double deviation = n * ldexp((double)encoding->clip_l2, (int)encoding->scale_log2) /
                             sqrt((double)trib_rotation_block(parameters));
    return spread * deviation + n + model < half;
  }
}

trib_status trib_clip(float* delta, uint32_t parameters, const trib_encoding* encoding) {
  const float limit = encoding->clip_inf;
  /* A little inside the ball, so that rounding to float cannot leave it. */
  const double radius = (double)encoding->clip_l2 * (1.0 - 1e-6);
  double square = 0.0;
  for (uint32_t j = 0; j < parameters; ++j) {
    float value = delta[j];
    if (!isfinite(value)) return TRIB_NOT_FINITE;
    if (value > limit) value = limit;
    if (value < -limit) value = -limit;
    delta[j] = value;
    square += (double)value * (double)value;
  }
  if (square > radius * radius) {
    const double factor = radius / sqrt(square);
    for (uint32_t j = 0; j < parameters; ++j) delta[j] = (float)((double)delta[j] * factor);
  }
  return TRIB_OK;
}

trib_status trib_check_bounds(const float* delta, uint32_t parameters,
                              const trib_encoding* encoding, const trib_update_summary* summary,
                              const trib_rounding* rounding) {
  const double factor = factor_of(encoding, summary);
  const double coordinate = word_bound(encoding);
  /* A float squared has 48 bits: the bound is exact in a double, and the sum is kept in 128 bits. */
  const double bound = norm_bound(encoding, parameters);
  uint64_t low = 0;
  uint64_t high = 0;
  draws d;
  begin_draws(&d, rounding);
  for (uint32_t j = 0; j < parameters; ++j) {
    const double word = to_integer(&d, factor * (double)delta[j], j);
    if (!(fabs(word) <= coordinate)) {
      end_draws(&d);
      return isfinite(word) ? TRIB_OUT_OF_BOUNDS : TRIB_NOT_FINITE;
    }
    {
      const int64_t q = (int64_t)word;
      const uint64_t square = (uint64_t)(q * q);
      low += square;
      high += low < square;
    }
  }
  end_draws(&d);
  {
    const double two64 = 18446744073709551616.0;
    if (bound >= two64 * two64) return TRIB_OK; /* more than any vector's 2^62 * 2^24 */
    const uint64_t bound_high = bound / two64 >= 1.0 ? (uint64_t)(bound / two64) : 0;
    const uint64_t bound_low = (uint64_t)(bound - (double)bound_high * two64);
    const int inside = high < bound_high || (high == bound_high && low <= bound_low);
    return inside ? TRIB_OK : TRIB_OUT_OF_BOUNDS;
  }
}

/* The word behind the model words at `place` (0: weight, 1: loss, 2: accuracy, 3..: canaries). */
static double tail_value(uint32_t place, const trib_encoding* encoding,
                         const trib_update_summary* summary) {
  const double weight = weight_word(encoding, summary);
  if (place == 0) return weight;
  if (place == 1) {
    const double cap = (double)encoding->loss_cap;
    const double loss = (double)summary->mean_loss < cap ? (double)summary->mean_loss : cap;
    return weight * loss / cap;
  }
  if (place == 2 && summary->seen > 0) {
    return weight * (double)summary->correct / (double)summary->seen;
  }
  return 0.0;
}

void trib_encode_words(int32_t* out, uint32_t first, uint32_t count, const float* delta,
                       uint32_t parameters, const trib_encoding* encoding,
                       const trib_update_summary* summary, const trib_rounding* rounding) {
  const double factor = factor_of(encoding, summary);
  draws d;
  begin_draws(&d, rounding);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t word = first + i;
    const double value = word < parameters ? factor * (double)delta[word]
                                           : tail_value(word - parameters, encoding, summary);
    out[i] = (int32_t)to_integer(&d, value, word);
  }
  end_draws(&d);
}
