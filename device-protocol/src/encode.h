/* Fixed-point encoding of an update (PROTOCOL.md 5.3, 6 and 6.1). */
#ifndef TRIBUTARY_SRC_ENCODE_H
#define TRIBUTARY_SRC_ENCODE_H

#include <stdbool.h>

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trib_encoding {
  uint32_t ring_bits;
  int32_t scale_log2;
  float clip_l2;
  float clip_inf;
  uint32_t weight_examples_cap;
  uint32_t weight_scale_log2;
  float loss_cap;
  uint32_t canary_words;
  bool rotated;       /* 6.1: the delta has been rotated, words are rounded at random */
  float device_noise; /* 6.3: z', what this device adds to its own words; 0: none */
} trib_encoding;

/* The randomness of a rotated update's rounding: a function of secrets and the round, so that a chunk
 * made again is the same chunk. NULL where a rounding is expected: truncation. */
typedef struct trib_rounding {
  const trib_crypto_port* crypto;
  unsigned char key[TRIB_KEY_BYTES];
} trib_rounding;

/* What the words are made of besides the delta. */
typedef struct trib_update_summary {
  uint32_t examples; /* local examples */
  float mean_loss;   /* over the round's batches */
  uint32_t correct;  /* of `seen` predictions */
  uint32_t seen;
} trib_update_summary;

/* `parameters` is the number of those that travel, throughout. They, weight, loss, accuracy, canaries: */
uint32_t trib_word_count(const trib_encoding* encoding, uint32_t parameters);

/* delta[parameters] clipped per coordinate and in L2, in place. TRIB_NOT_FINITE: NaN or infinity. */
trib_status trib_clip(float* delta, uint32_t parameters, const trib_encoding* encoding);

/* Standard deviations of a device's own noise, whole numbers: of model words, and of weight, loss and
 * accuracy. 0: none. */
double trib_model_noise(const trib_encoding* encoding, uint32_t parameters);
double trib_metric_noise(const trib_encoding* encoding);

/* No sum of n_max vectors of words can leave the ring; for rotated ones, and with 8 standard deviations of
 * the devices' noise, but for one round in 2^40. */
bool trib_cannot_wrap(const trib_encoding* encoding, uint32_t parameters, uint32_t n_max);

/* Rule D8: the integer bounds hold for the whole vector. TRIB_OUT_OF_BOUNDS (of a rotated vector: try
 * another rounding), TRIB_NOT_FINITE. */
trib_status trib_check_bounds(const float* delta, uint32_t parameters,
                              const trib_encoding* encoding, const trib_update_summary* summary,
                              const trib_rounding* rounding);

/* Words [first, first + count) as signed integers; a pure function, so that chunks can be remade. */
void trib_encode_words(int32_t* out, uint32_t first, uint32_t count, const float* delta,
                       uint32_t parameters, const trib_encoding* encoding,
                       const trib_update_summary* summary, const trib_rounding* rounding);

#ifdef __cplusplus
}
#endif
#endif
