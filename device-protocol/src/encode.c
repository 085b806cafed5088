#include "device-protocol/src/encode.h"

#include <math.h>

uint32_t trib_word_count(const trib_encoding* encoding, uint32_t parameters) {
  return parameters + 3 + encoding->canary_words;
}

/* The weight w of protocol 6, in (0, 1]. */
static double weight_of(const trib_encoding* encoding, const trib_update_summary* summary) {
  const double floor_weight = ldexp(1.0, -(int)encoding->weight_scale_log2);
  const double weight = (double)summary->examples / (double)encoding->weight_examples_cap;
  if (weight > 1.0) return 1.0;
  return weight < floor_weight ? floor_weight : weight;
}

trib_status trib_clip_delta(float* weights, const float* initial, uint32_t parameters,
                            const trib_encoding* encoding) {
  const float limit = encoding->clip_inf;
  /* A little inside the ball, so that rounding to float cannot leave it. */
  const double radius = (double)encoding->clip_l2 * (1.0 - 1e-6);
  double square = 0.0;
  for (uint32_t j = 0; j < parameters; ++j) {
    float delta = weights[j] - initial[j];
    if (!isfinite(delta)) return TRIB_NOT_FINITE;
    if (delta > limit) delta = limit;
    if (delta < -limit) delta = -limit;
    weights[j] = delta;
    square += (double)delta * (double)delta;
  }
  if (square > radius * radius) {
    const double factor = radius / sqrt(square);
    for (uint32_t j = 0; j < parameters; ++j) weights[j] = (float)((double)weights[j] * factor);
  }
  return TRIB_OK;
}

trib_status trib_check_bounds(const float* delta, uint32_t parameters,
                              const trib_encoding* encoding, const trib_update_summary* summary) {
  const double scale = ldexp(1.0, (int)encoding->scale_log2);
  const double factor = scale * weight_of(encoding, summary);
  const double coordinate = floor(scale * (double)encoding->clip_inf);
  /* A float squared has 48 bits: the bound is exact in a double, and the sum is kept in 128 bits. */
  const double bound = floor(scale * scale * (double)encoding->clip_l2 * (double)encoding->clip_l2);
  uint64_t low = 0;
  uint64_t high = 0;
  for (uint32_t j = 0; j < parameters; ++j) {
    const double word = trunc(factor * (double)delta[j]);
    if (!(fabs(word) <= coordinate)) {
      return isfinite(word) ? TRIB_OUT_OF_BOUNDS : TRIB_NOT_FINITE;
    }
    {
      const int64_t q = (int64_t)word;
      const uint64_t square = (uint64_t)(q * q);
      low += square;
      high += low < square;
    }
  }
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
static int32_t tail_word(uint32_t place, const trib_encoding* encoding,
                         const trib_update_summary* summary) {
  const double weight =
      trunc(ldexp(weight_of(encoding, summary), (int)encoding->weight_scale_log2));
  if (place == 0) return (int32_t)weight;
  if (place == 1) {
    const double cap = (double)encoding->loss_cap;
    const double loss = (double)summary->mean_loss < cap ? (double)summary->mean_loss : cap;
    return (int32_t)trunc(weight * loss / cap);
  }
  if (place == 2 && summary->seen > 0) {
    return (int32_t)trunc(weight * (double)summary->correct / (double)summary->seen);
  }
  return 0;
}

void trib_encode_words(int32_t* out, uint32_t first, uint32_t count, const float* delta,
                       uint32_t parameters, const trib_encoding* encoding,
                       const trib_update_summary* summary) {
  const double factor = ldexp(1.0, (int)encoding->scale_log2) * weight_of(encoding, summary);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t word = first + i;
    out[i] = word < parameters ? (int32_t)trunc(factor * (double)delta[word])
                               : tail_word(word - parameters, encoding, summary);
  }
}
