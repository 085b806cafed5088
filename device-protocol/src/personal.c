/* Parameters that stay on the device: one record, of the task it last trained. */
#include <math.h>
#include <string.h>

#include "device-protocol/src/client_state.h"

static const char label[] = "personal";

/* TRIB_NOT_FOUND also for another trainer's, and for a damaged one. */
static trib_status load(trib_client* client, trib_personal* head, float* body) {
  const uint32_t count = client->trainer.personal;
  unsigned char hash[TRIB_HASH_BYTES];
  trib_status status = trib_record_load(client, TRIB_RECORD_PERSONAL, head, sizeof *head);
  if (status != TRIB_OK) return status;
  if (head->count != count) return TRIB_NOT_FOUND;
  status = trib_record_load_body(client, TRIB_RECORD_PERSONAL, sizeof *head, body,
                                 (size_t)count * sizeof(float));
  if (status != TRIB_OK) return status;
  trib_hash_floats(client, hash, label, body, count);
  return trib_equal(hash, head->body_hash, sizeof hash) ? TRIB_OK : TRIB_NOT_FOUND;
}

trib_status trib_recall_personal(trib_client* client) {
  float* personal = client->memory.weights + client->round.terms.parameters;
  trib_personal head;
  trib_status status;
  if (client->trainer.personal == 0) return TRIB_OK;
  status = load(client, &head, personal);
  if (status != TRIB_OK && status != TRIB_NOT_FOUND) return status;
  if (status == TRIB_NOT_FOUND ||
      memcmp(head.task_id, client->round.terms.task_id, TRIB_ID_BYTES) != 0) {
    memset(personal, 0, (size_t)client->trainer.personal * sizeof(float));
  }
  return TRIB_OK;
}

trib_status trib_keep_personal(trib_client* client) {
  const float* personal = client->memory.weights + client->round.terms.parameters;
  const uint32_t count = client->trainer.personal;
  trib_personal head;
  if (count == 0) return TRIB_OK;
  for (uint32_t j = 0; j < count; ++j) {
    if (!isfinite(personal[j])) return TRIB_NOT_FINITE;
  }
  memset(&head, 0, sizeof head);
  memcpy(head.task_id, client->round.terms.task_id, TRIB_ID_BYTES);
  head.count = count;
  trib_hash_floats(client, head.body_hash, label, personal, count);
  return trib_record_save(client, TRIB_RECORD_PERSONAL, &head, sizeof head, personal,
                          (size_t)count * sizeof(float));
}

trib_status trib_client_personal(trib_client* client, float* personal) {
  trib_personal head;
  if (!client || !personal) return TRIB_BAD_ARGUMENT;
  if (client->trainer.personal == 0) return TRIB_NOT_FOUND;
  return load(client, &head, personal);
}
