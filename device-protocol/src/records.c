/* Records are structs as they lie in memory, behind a version and a SHA-256 checksum: they never
 * leave the device that wrote them, and a firmware with another layout finds another version. */
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/client_state.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/steering.h"

enum { RECORD_VERSION = 1 };

static void checksum(const trib_client* client, unsigned char out[TRIB_HASH_BYTES],
                     const void* data, size_t size) {
  const uint32_t layout = RECORD_VERSION << 16 | (uint32_t)size;
  const trib_part parts[] = {{&layout, sizeof layout}, {data, size}};
  trib_hash(client->port.crypto, out, "record", parts, 2);
}

typedef union largest_head {
  trib_epoch_state epoch;
  trib_counters counters;
  trib_round_state round;
  trib_progress progress;
  trib_residual residual;
  trib_personal personal;
} largest_head;

/* Record: checksum of the head struct, head struct, body. The body belongs to the head because the
 * storage port replaces both together. */
trib_status trib_record_save(trib_client* client, trib_record record, const void* head, size_t size,
                             const void* body, size_t body_size) {
  unsigned char buffer[TRIB_HASH_BYTES + sizeof(largest_head)];
  trib_status status;
  if (size > sizeof(largest_head)) return TRIB_BAD_ARGUMENT;
  checksum(client, buffer, head, size);
  memcpy(buffer + TRIB_HASH_BYTES, head, size);
  status = client->port.storage.save(client->port.user, record, buffer, TRIB_HASH_BYTES + size,
                                     body, body_size);
  client->port.crypto->wipe(buffer, sizeof buffer);
  return status == TRIB_OK ? TRIB_OK : TRIB_STORAGE;
}

/* TRIB_NOT_FOUND also for a damaged record: it is as good as none. */
trib_status trib_record_load(trib_client* client, trib_record record, void* head, size_t size) {
  unsigned char stored[TRIB_HASH_BYTES];
  unsigned char computed[TRIB_HASH_BYTES];
  const trib_storage_port* storage = &client->port.storage;
  size_t got = 0;
  trib_status status = storage->load(client->port.user, record, 0, stored, sizeof stored, &got);
  if (status != TRIB_OK) return status;
  if (got != sizeof stored) return TRIB_NOT_FOUND;
  status = storage->load(client->port.user, record, sizeof stored, head, size, &got);
  if (status != TRIB_OK) return status;
  if (got != size) return TRIB_NOT_FOUND;
  checksum(client, computed, head, size);
  return trib_equal(stored, computed, sizeof stored) ? TRIB_OK : TRIB_NOT_FOUND;
}

trib_status trib_record_load_body(trib_client* client, trib_record record, size_t head_size,
                                  void* body, size_t size) {
  size_t got = 0;
  const trib_status status = client->port.storage.load(
      client->port.user, record, TRIB_HASH_BYTES + head_size, body, size, &got);
  if (status != TRIB_OK) return status;
  return got == size ? TRIB_OK : TRIB_NOT_FOUND;
}

trib_status trib_save_epoch(trib_client* client) {
  return trib_record_save(client, TRIB_RECORD_EPOCH, &client->epoch, sizeof client->epoch, NULL, 0);
}

trib_status trib_save_counters(trib_client* client) {
  return trib_record_save(client, TRIB_RECORD_COUNTERS, &client->counters, sizeof client->counters,
                          NULL, 0);
}

trib_status trib_save_round(trib_client* client) {
  return trib_record_save(client, TRIB_RECORD_ROUND, &client->round, sizeof client->round, NULL, 0);
}

static size_t weights_size(const trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  const trib_subset* subset = &terms->subset;
  if (!client->progress.trained) {
    return ((size_t)terms->parameters + client->trainer.personal) * sizeof(float);
  }
  return (size_t)(subset->error_feedback ? subset->count : subset->words) * sizeof(float);
}

void trib_hash_floats(const trib_client* client, unsigned char out[TRIB_HASH_BYTES],
                      const char* label, const float* body, size_t count) {
  const trib_part part = {body, count * sizeof(float)};
  trib_hash(client->port.crypto, out, label, &part, 1);
}

static void hash_weights(const trib_client* client, unsigned char out[TRIB_HASH_BYTES]) {
  trib_hash_floats(client, out, "weights", client->memory.weights,
                   weights_size(client) / sizeof(float));
}

trib_status trib_save_progress(trib_client* client) {
  hash_weights(client, client->progress.body_hash);
  return trib_record_save(client, TRIB_RECORD_WEIGHTS, &client->progress, sizeof client->progress,
                          client->memory.weights, weights_size(client));
}

static trib_status load_weights(trib_client* client) {
  const trib_status status =
      trib_record_load_body(client, TRIB_RECORD_WEIGHTS, sizeof client->progress,
                            client->memory.weights, weights_size(client));
  unsigned char hash[TRIB_HASH_BYTES];
  if (status != TRIB_OK) return status;
  hash_weights(client, hash);
  return trib_equal(hash, client->progress.body_hash, sizeof hash) ? TRIB_OK : TRIB_NOT_FOUND;
}

trib_status trib_save_residual(trib_client* client, trib_residual* head, const float* body) {
  trib_hash_floats(client, head->body_hash, "residual", body, head->count);
  return trib_record_save(client, TRIB_RECORD_RESIDUAL, head, sizeof *head, body,
                          (size_t)head->count * sizeof(float));
}

trib_status trib_load_residual(trib_client* client, trib_residual* head, float* body,
                               uint32_t capacity) {
  unsigned char hash[TRIB_HASH_BYTES];
  size_t got = 0;
  trib_status status = trib_record_load(client, TRIB_RECORD_RESIDUAL, head, sizeof *head);
  if (status != TRIB_OK || !body) return status;
  if (head->count > capacity) return TRIB_NOT_FOUND;
  status = client->port.storage.load(client->port.user, TRIB_RECORD_RESIDUAL,
                                     TRIB_HASH_BYTES + sizeof *head, body,
                                     (size_t)head->count * sizeof(float), &got);
  if (status != TRIB_OK) return status;
  if (got != (size_t)head->count * sizeof(float)) return TRIB_NOT_FOUND;
  trib_hash_floats(client, hash, "residual", body, head->count);
  return trib_equal(hash, head->body_hash, sizeof hash) ? TRIB_OK : TRIB_NOT_FOUND;
}

static trib_status new_epoch(trib_client* client) {
  memset(&client->epoch, 0, sizeof client->epoch);
  client->epoch.epoch = 1;
  if (client->port.random(client->port.user, client->epoch.secret, sizeof client->epoch.secret) !=
      TRIB_OK) {
    return TRIB_CRYPTO;
  }
  return trib_save_epoch(client);
}

trib_status trib_load_state(trib_client* client) {
  trib_status status =
      trib_record_load(client, TRIB_RECORD_COUNTERS, &client->counters, sizeof client->counters);
  if (status == TRIB_NOT_FOUND) {
    memset(&client->counters, 0, sizeof client->counters);
  } else if (status != TRIB_OK) {
    return status;
  }
  status = trib_record_load(client, TRIB_RECORD_EPOCH, &client->epoch, sizeof client->epoch);
  return status == TRIB_NOT_FOUND ? new_epoch(client) : status;
}

/* The round record knows of the last contribution too, should the counters be damaged. */
static void recall_contribution(trib_client* client) {
  const uint64_t counter = trib_get64(client->round.nonce);
  if (!client->round.has_nonce) return;
  trib_remember_round(client);
  if (client->counters.nonce_counter < counter) client->counters.nonce_counter = counter;
}

trib_status trib_load_round(trib_client* client) {
  trib_progress* progress = &client->progress;
  trib_status status =
      trib_record_load(client, TRIB_RECORD_ROUND, &client->round, sizeof client->round);
  bool have;
  if (status != TRIB_OK) return status;
  recall_contribution(client);
  if (client->round.terms.parameters > client->memory.parameters ||
      client->round.terms.parameters != client->trainer.parameters ||
      (client->round.terms.pairwise && !trib_pair_round_holds(client))) {
    return TRIB_NOT_FOUND;
  }
  status = trib_record_load(client, TRIB_RECORD_WEIGHTS, progress, sizeof *progress);
  have = status == TRIB_OK && progress->parameters == client->round.terms.parameters &&
         trib_equal(progress->ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES) &&
         load_weights(client) == TRIB_OK;
  if (status != TRIB_OK && status != TRIB_NOT_FOUND) return status;
  if (client->round.terms.pairwise) {
    status = trib_heads_load(client);
    if (status != TRIB_OK && status != TRIB_NOT_FOUND) return status;
    have = have && status == TRIB_OK;
  }
  if (have && progress->trained) {
    client->phase = TRIB_PHASE_REQUESTING;
    return TRIB_OK;
  }
  /* A vector under this nonce may be out and cannot be made again: the round is lost. */
  if (client->round.has_nonce) return TRIB_NOT_FOUND;
  if (!have) memset(progress, 0, sizeof *progress);
  client->phase = TRIB_PHASE_FETCHING;
  return TRIB_OK;
}

const trib_task_memory* trib_find_task(const trib_client* client,
                                       const unsigned char task_id[TRIB_ID_BYTES]) {
  for (int i = 0; i < TRIB_MAX_TASKS; ++i) {
    const trib_task_memory* task = &client->counters.tasks[i];
    if (task->last_round > 0 && memcmp(task->task_id, task_id, TRIB_ID_BYTES) == 0) return task;
  }
  return NULL;
}

/* The task's entry; for an unknown one the oldest entry's place. */
static trib_task_memory* task_entry(trib_client* client,
                                    const unsigned char task_id[TRIB_ID_BYTES]) {
  trib_counters* counters = &client->counters;
  const trib_task_memory* known = trib_find_task(client, task_id);
  const uint32_t slot = known ? (uint32_t)(known - counters->tasks) : counters->next_task;
  trib_task_memory* task = &counters->tasks[slot];
  if (!known) {
    memset(task, 0, sizeof *task);
    memcpy(task->task_id, task_id, TRIB_ID_BYTES);
    counters->next_task = (counters->next_task + 1) % TRIB_MAX_TASKS;
  }
  return task;
}

trib_task_memory* trib_raise_round(trib_client* client, const unsigned char task_id[TRIB_ID_BYTES],
                                   uint64_t round) {
  trib_task_memory* task = task_entry(client, task_id);
  if (round > task->last_round) task->last_round = round;
  return task;
}

trib_task_memory* trib_remember_round(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  return trib_raise_round(client, terms->task_id, terms->round);
}
