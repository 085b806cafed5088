/* Error feedback, PROTOCOL.md 5.1: what a round did not send is added to the next update of its task.
 *
 * A residual is of use as long as the task's last contribution is that of its round, which the counters
 * know from before the nonce on: one whose replacement could not be saved has been sent in part, and is
 * dropped. It is replaced before the first header leaves, or where none did when the round ends: the
 * update counts once, or in the residual, never in both. */
#include <math.h>
#include <string.h>

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/parts.h"
#include "device-protocol/src/rotate.h"

/* Kept at the end of round `round` of the task, for the parameters that this round trains. */
static bool belongs(const trib_client* client, const trib_residual* head, uint64_t round) {
  const trib_terms* terms = &client->round.terms;
  return memcmp(head->task_id, terms->task_id, TRIB_ID_BYTES) == 0 && head->round == round &&
         head->first == terms->subset.first && head->count == terms->subset.count;
}

trib_status trib_add_residual(trib_client* client) {
  const trib_subset* subset = &client->round.terms.subset;
  const trib_task_memory* task = trib_find_task(client, client->round.terms.task_id);
  float* delta = client->memory.weights + subset->first;
  trib_residual head;
  trib_status status;
  if (!TRIB_WITH_SUBSET || !subset->error_feedback || !task) return TRIB_OK;
  status = trib_load_residual(client, &head, client->memory.gradient, client->memory.parameters);
  if (status == TRIB_NOT_FOUND) return TRIB_OK;
  if (status != TRIB_OK) return status;
  if (!belongs(client, &head, task->contributed_round)) return TRIB_OK;
  for (uint32_t j = 0; j < subset->count; ++j) {
    delta[j] += client->memory.gradient[j];
    if (!isfinite(delta[j])) return TRIB_NOT_FINITE;
  }
  return TRIB_OK;
}

static unsigned char* bytes_of(float* values) {
  return (unsigned char*)values;
}

void trib_gather_update(trib_client* client) {
  const trib_subset* subset = &client->round.terms.subset;
  const trib_client_memory* memory = &client->memory;
  unsigned char* map = bytes_of(memory->gradient);
  if (!TRIB_WITH_SUBSET || subset->words == client->round.terms.parameters) return;
  trib_subset_map(client->port.crypto, subset, map, bytes_of(memory->initial));
  trib_subset_gather(memory->initial, memory->weights + subset->first, subset, map);
  memcpy(memory->weights, memory->initial, (size_t)subset->count * sizeof(float));
}

/* The trained parameters of the saved update in memory.initial; `sent`: those that travelled are 0. */
static void scatter_update(trib_client* client, bool sent) {
  const trib_terms* terms = &client->round.terms;
  const trib_client_memory* memory = &client->memory;
  unsigned char* map = bytes_of(memory->gradient);
  trib_subset_map(client->port.crypto, &terms->subset, map, bytes_of(memory->initial));
  trib_subset_scatter(memory->initial, memory->weights, &terms->subset, map);
  if (sent) trib_subset_clear(memory->initial, &terms->subset, map);
}

static void limit_norm(float* values, uint32_t count, float most) {
  double square = 0.0;
  for (uint32_t j = 0; j < count; ++j) square += (double)values[j] * (double)values[j];
  if (square > (double)most * (double)most) {
    const double factor = (double)most / sqrt(square);
    for (uint32_t j = 0; j < count; ++j) values[j] = (float)((double)values[j] * factor);
  }
}

static trib_status save_update(trib_client* client, bool sent) {
  const trib_terms* terms = &client->round.terms;
  const size_t size = (size_t)terms->parameters * sizeof(float);
  trib_residual head;
  trib_status status;
  memset(&head, 0, sizeof head);
  memcpy(head.task_id, terms->task_id, TRIB_ID_BYTES);
  head.round = terms->round;
  head.sent = sent;
  head.first = terms->subset.first;
  head.count = terms->subset.count;
  scatter_update(client, sent);
  limit_norm(client->memory.initial, head.count, terms->encoding.clip_l2);
  status = trib_save_residual(client, &head, client->memory.initial);
  client->port.crypto->wipe(client->memory.initial, size);
  return status;
}

trib_status trib_keep_unsent(trib_client* client) {
  trib_status status;
  if (!TRIB_WITH_SUBSET || !client->round.terms.subset.error_feedback || client->residual_kept)
    return TRIB_OK;
  status = save_update(client, true);
  client->residual_kept = status == TRIB_OK;
  return status;
}

trib_status trib_keep_update(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  const trib_task_memory* task = trib_find_task(client, terms->task_id);
  trib_residual head;
  if (!TRIB_WITH_SUBSET || !terms->subset.error_feedback || !client->progress.trained || !task ||
      task->contributed_round != terms->round) {
    return TRIB_OK;
  }
  if (trib_load_residual(client, &head, NULL, 0) == TRIB_OK &&
      belongs(client, &head, terms->round) && head.sent) {
    return TRIB_OK;
  }
  if (TRIB_WITH_ROTATION && terms->encoding.rotated) {
    unsigned char signs[TRIB_HASH_BYTES];
    trib_rotation_seed(client->port.crypto, signs, terms->task_id, terms->round);
    trib_unrotate(client->port.crypto, client->memory.weights, terms->subset.words, signs);
  }
  return save_update(client, false);
}
