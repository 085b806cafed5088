/* The local training loop, PROTOCOL.md 5, one step per turn. */
#include <math.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/client_state.h"
#include "device-protocol/src/gaussian.h"
#include "device-protocol/src/parts.h"
#include "device-protocol/src/rotate.h"
#include "device-protocol/src/steering.h"

void trib_round_secret(const trib_client* client, unsigned char out[TRIB_KEY_BYTES],
                       const char* purpose, uint32_t number) {
  unsigned char bytes[4];
  const trib_part parts[] = {{client->round.terms.ctx_hash, TRIB_HASH_BYTES},
                             {bytes, sizeof bytes}};
  trib_put32(bytes, number);
  trib_kdf(client->port.crypto, out, client->epoch.secret, purpose, parts, 2);
}

static uint64_t batch_seed(const trib_client* client) {
  unsigned char secret[TRIB_KEY_BYTES];
  uint64_t seed;
  trib_round_secret(client, secret, "batches", 0);
  seed = trib_get64(secret);
  client->port.crypto->wipe(secret, sizeof secret);
  return seed;
}

/* The parameters that are not trained become those of `source`, or 0. */
static void keep_trained(const trib_client* client, float* values, const float* source) {
  const trib_terms* terms = &client->round.terms;
  const uint32_t end = terms->subset.first + terms->subset.count;
  for (uint32_t j = 0; j < terms->parameters; ++j) {
    if (j == terms->subset.first) j = end;
    if (j < terms->parameters) values[j] = source ? source[j] : 0.0F;
  }
}

/* Clips the step's gradient to the norm and adds the optional local noise. */
static trib_status condition_gradient(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  const uint32_t count = terms->subset.count;
  float* gradient = client->memory.gradient + terms->subset.first;
  double square = 0.0;
  keep_trained(client, client->memory.gradient, NULL);
  for (uint32_t j = 0; j < count; ++j) {
    square += (double)gradient[j] * (double)gradient[j];
  }
  if (!isfinite(square)) return TRIB_NOT_FINITE;
  if (terms->clipping_norm > 0.0F &&
      square > (double)terms->clipping_norm * (double)terms->clipping_norm) {
    const float factor = (float)((double)terms->clipping_norm / sqrt(square));
    for (uint32_t j = 0; j < count; ++j) gradient[j] *= factor;
  }
  if (TRIB_WITH_NOISE && terms->dp_noise > 0.0F && terms->clipping_norm > 0.0F) {
    unsigned char key[TRIB_KEY_BYTES];
    trib_round_secret(client, key, "noise", client->progress.steps);
    trib_add_gaussian(client->port.crypto, gradient, count, terms->dp_noise * terms->clipping_norm,
                      key);
    client->port.crypto->wipe(key, sizeof key);
  }
  return TRIB_OK;
}

static trib_status apply_gradient(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  float* weights = client->memory.weights;
  const float* gradient = client->memory.gradient;
  if (client->trainer.apply) {
    if (client->trainer.apply(client->trainer.user, weights, gradient, terms->learning_rate,
                              client->progress.steps) != TRIB_OK) {
      return TRIB_TRAINER;
    }
    keep_trained(client, weights, client->memory.initial); /* whatever it decays */
    return TRIB_OK;
  }
  for (uint32_t j = 0; j < terms->parameters + client->trainer.personal; ++j) {
    weights[j] -= terms->learning_rate * gradient[j];
  }
  return TRIB_OK;
}

static trib_status one_step(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  trib_progress* progress = &client->progress;
  trib_batch_report report = {0.0F, 0, 0};
  trib_status status = client->trainer.gradient(client->trainer.user, client->memory.weights,
                                                client->memory.gradient, terms->batch_size,
                                                batch_seed(client), progress->steps, &report);
  if (status != TRIB_OK) return TRIB_TRAINER;
  if (!isfinite(report.loss)) return TRIB_NOT_FINITE;
  if (report.loss < 0.0F || report.examples == 0 || report.correct > report.examples) {
    return TRIB_TRAINER;
  }
  status = condition_gradient(client);
  if (status == TRIB_OK) status = apply_gradient(client);
  if (status != TRIB_OK) return status;
  progress->steps += 1;
  progress->loss_sum += (double)report.loss;
  progress->correct += report.correct;
  progress->seen += report.examples;
  return TRIB_OK;
}

static trib_status checkpoint(trib_client* client) {
  const uint32_t every = client->options.checkpoint_steps;
  if (every == 0 || client->progress.steps % every != 0) return TRIB_OK;
  return trib_save_progress(client);
}

/* The settings may ask for less; bounds and noise stay those of the round. */
static trib_status clip_update(const trib_client* client, uint32_t words) {
  const trib_steering_state* steering = trib_steering_of(client);
  trib_encoding encoding = client->round.terms.encoding;
  const float clip = steering ? steering->settings.clip : 0.0F;
  if (clip > 0.0F && clip < encoding.clip_l2) encoding.clip_l2 = clip;
  return trib_clip(client->memory.weights, words, &encoding);
}

static trib_status finish(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  const uint32_t words = terms->subset.words;
  float* weights = client->memory.weights;
  trib_status status = trib_keep_personal(client);
  if (status != TRIB_OK) return status;
  for (uint32_t j = 0; j < terms->parameters; ++j) {
    weights[j] -= client->memory.initial[j];
    if (!isfinite(weights[j])) return TRIB_NOT_FINITE;
  }
  status = trib_add_residual(client);
  if (status != TRIB_OK) return status;
  trib_gather_update(client);
  status = clip_update(client, words);
  if (status != TRIB_OK) return status;
  if (TRIB_WITH_ROTATION && terms->encoding.rotated) {
    unsigned char signs[TRIB_HASH_BYTES];
    trib_rotation_seed(client->port.crypto, signs, terms->task_id, terms->round);
    trib_rotate(client->port.crypto, weights, words, signs);
  }
  client->progress.trained = 1;
  return trib_upload_begin(client);
}

trib_status trib_train_turn(trib_client* client) {
  trib_status status = one_step(client);
  if (status == TRIB_OK) {
    status = client->progress.steps < client->round.terms.local_steps ? checkpoint(client)
                                                                      : finish(client);
  }
  return status == TRIB_OK ? TRIB_OK : trib_round_give_up(client, status);
}
