/* Reference trainer: a multi-layer perceptron with ReLU, softmax and cross-entropy, trained by
 * stochastic gradient descent. All memory is the caller's; nothing is kept between calls.
 *
 * Parameters of "mlp:A-B-..-C", flat: per layer the weights row by row [outputs][inputs], then the
 * biases [outputs]. "standardise+mlp:A-..-C" begins with A means and A inverse deviations, which are
 * applied to the features and never trained. "local-head+mlp:..", also behind "standardise+": the
 * last layer is the device's own (trib_trainer.personal), the others are the model that travels. */
#ifndef TRIBUTARY_TRAINER_MLP_H
#define TRIBUTARY_TRAINER_MLP_H

#include <stdbool.h>
#include <stddef.h>

#include "tributary/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_MLP_MAX_SIZES = 8, TRIB_MLP_MAX_WIDTH = 65535 };

typedef struct trib_mlp_shape {
  uint32_t sizes[TRIB_MLP_MAX_SIZES]; /* inputs, hidden .., classes; each 1..65535 */
  uint32_t count;                     /* 2..8 */
  bool standardise;
  bool local_head; /* count >= 3 */
} trib_mlp_shape;

/* TRIB_MALFORMED: not a model string of the forms above, or out of range. */
trib_status trib_mlp_parse(trib_mlp_shape* shape, const char* model);
/* Of all layers, and how many of them, at the end, are personal. */
uint32_t trib_mlp_parameters(const trib_mlp_shape* shape);
uint32_t trib_mlp_personal(const trib_mlp_shape* shape);
/* Floats of scratch memory that gradient and evaluate need. */
size_t trib_mlp_scratch(const trib_mlp_shape* shape);

/* Examples, owned by the caller: features row-major [count][inputs], labels < classes. */
typedef struct trib_examples {
  const float* features;
  const uint32_t* labels;
  uint32_t count;
} trib_examples;

/* trib_trainer.user of trib_mlp_gradient. */
typedef struct trib_mlp {
  trib_mlp_shape shape;
  trib_examples examples;
  float* scratch; /* [trib_mlp_scratch(&shape)] */
} trib_mlp;

/* trib_trainer.gradient. Batches go through the examples without repetition, in an order that
 * differs by epoch and follows from the seed. TRIB_TRAINER: no examples, or a label out of range. */
trib_status trib_mlp_gradient(void* user, const float* weights, float* gradient,
                              uint32_t batch_size, uint64_t seed, uint32_t step,
                              trib_batch_report* report);

typedef struct trib_mlp_score {
  double loss; /* mean cross-entropy, nats */
  uint32_t correct;
} trib_mlp_score;
trib_status trib_mlp_evaluate(const trib_mlp* mlp, const float* weights, trib_mlp_score* score);

/* He initialisation of all layers: weights N(0, 2/inputs), biases 0, mean 0, inverse deviation 1. */
void trib_mlp_init(const trib_mlp_shape* shape, float* weights, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
