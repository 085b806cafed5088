/* A trainer that learns feature statistics instead of a model, so that a fleet agrees on how to
 * standardise its features through masked rounds: no device's own statistics leave it.
 *
 * Parameters of "statistics:F", flat: [exponent F][mean F][square F]. With an all-zero exponent
 * part (a first round) a device moves exponent_j to ceil(log2 of its RMS of feature j) + 1/2;
 * else mean_j and square_j to the mean of x * 2^-e_j and of its square, in -16..16, with
 * e_j = the agreed exponent_j. Run it with two rounds, local_steps 1, learning_rate 1. Then
 * mean = 2^e * mean_j and variance = 4^e * (square_j - mean_j^2). */
#ifndef TRIBUTARY_TRAINER_STATISTICS_H
#define TRIBUTARY_TRAINER_STATISTICS_H

#include "device-protocol/trainer/mlp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Features of "statistics:F", 0 when the model string is another. F is 1..65535. */
uint32_t trib_statistics_features(const char* model);

/* trib_trainer.user of trib_statistics_gradient; labels are not used. */
typedef struct trib_statistics {
  uint32_t features;
  trib_examples examples;
} trib_statistics;

/* trib_trainer.gradient: weights - target, so that one step of rate 1 arrives at the target. */
trib_status trib_statistics_gradient(void* user, const float* weights, float* gradient,
                                     uint32_t batch_size, uint64_t seed, uint32_t step,
                                     trib_batch_report* report);

#ifdef __cplusplus
}
#endif
#endif
