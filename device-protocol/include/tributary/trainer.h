/* The callback through which any on-device runtime trains: the reference multi-layer perceptron
 * (trainer/mlp.h), TFLite Micro, or the user's own C. The library owns the loop (steps, clipping,
 * noise, checkpoints); the trainer owns the data and the mathematics of one step. */
#ifndef TRIBUTARY_TRAINER_H
#define TRIBUTARY_TRAINER_H

#include <stdint.h>

#include "tributary/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one batch cost. */
typedef struct trib_batch_report {
  float loss;        /* mean loss over the batch, before the step; finite, >= 0 */
  uint32_t correct;  /* predictions that were right */
  uint32_t examples; /* examples in the batch, >= 1 */
} trib_batch_report;

typedef struct trib_trainer {
  void* user;
  const char* model;   /* architecture this trainer runs; must equal RoundContext.model */
  uint32_t parameters; /* d: length of weights and gradient */
  uint32_t examples;   /* local training examples; 0: this device cannot take part */
  /* Computes the gradient of the mean loss of one batch at `weights`. The batch is a pure function
   * of (`seed`, `step`), so that a reboot repeats it: no state between calls.
   * weights[d] is read only; gradient[d] is overwritten (with personal parameters, d + p of each). TRIB_TRAINER on failure. */
  trib_status (*gradient)(void* user, const float* weights, float* gradient, uint32_t batch_size,
                          uint64_t seed, uint32_t step, trib_batch_report* report);
  /* Optional (NULL: plain SGD, weights -= learning_rate * gradient). The gradient arrives clipped
   * and noised. Must be a pure function of its arguments. */
  trib_status (*apply)(void* user, float* weights, const float* gradient, float learning_rate,
                       uint32_t step);
  /* p, usually 0: personal parameters, which follow the d shared ones in weights[d + p] and
   * gradient[d + p], are trained with them and never leave the device: a head of its own on a body
   * learned by all (FedPer: Arivazhagan et al. 2019, section 3). They begin at 0 and are kept from
   * round to round of a task (trib_client_personal). Clipping and noise concern the shared ones. */
  uint32_t personal;
} trib_trainer;

#ifdef __cplusplus
}
#endif
#endif
