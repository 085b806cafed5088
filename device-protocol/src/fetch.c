/* Receiving the round's model in chunks, in any order, each taken once. */
#include <string.h>

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/pairs.h"
#include "tributary/frame.h"

/* Model bytes are little-endian float32 and are received in place. */
static trib_status check_model(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  const trib_part part = {client->memory.initial, (size_t)terms->parameters * sizeof(float)};
  unsigned char hash[TRIB_HASH_BYTES];
  char topic[TRIB_TOPIC_BYTES];
  trib_site_topic(topic, "model", terms->model_hash, TRIB_HASH_BYTES, "/+");
  (void)client->port.unsubscribe(client->port.user, topic);
  trib_hash(client->port.crypto, hash, "model", &part, 1);
  if (!trib_equal(hash, terms->model_hash, sizeof hash)) {
    return trib_round_give_up(client, TRIB_BAD_MODEL);
  }
  return trib_fetch_check(client);
}

trib_status trib_fetch_check(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  if (client->fetched < client->model_chunks) return TRIB_OK;
  if (terms->pairwise) {
    if (!trib_heads_complete(client)) return TRIB_OK;
    {
      const trib_status saved = trib_heads_save(client);
      if (saved != TRIB_OK) return saved;
    }
  }
  if (client->progress.steps == 0) {
    const trib_status recalled = trib_recall_personal(client);
    if (recalled != TRIB_OK) return recalled;
    memcpy(client->memory.weights, client->memory.initial,
           (size_t)terms->parameters * sizeof(float));
    memset(&client->progress, 0, sizeof client->progress);
    memcpy(client->progress.ctx_hash, terms->ctx_hash, TRIB_HASH_BYTES);
    client->progress.parameters = terms->parameters;
    client->progress.examples = client->trainer.examples;
  }
  client->phase = TRIB_PHASE_TRAINING;
  return TRIB_OK;
}

void trib_fetch_begin(trib_client* client) {
  const trib_terms* terms = &client->round.terms;
  client->model_chunks =
      (terms->parameters * (uint32_t)sizeof(float) + terms->model_chunk_bytes - 1) /
      terms->model_chunk_bytes;
  client->fetched = 0;
  memset(client->fetched_map, 0, sizeof client->fetched_map);
}

/* The model's hash holds, the heads of some neighbours do not come. */
static bool heads_only(const trib_client* client) {
  return client->round.terms.pairwise && client->fetched == client->model_chunks;
}

trib_status trib_fetch_more(trib_client* client) {
  char topic[TRIB_TOPIC_BYTES];
  trib_status status;
  if (client->round.terms.pairwise) {
    status = trib_heads_more(client);
    if (status != TRIB_OK || heads_only(client)) {
      return status == TRIB_OK ? trib_fetch_check(client) : status;
    }
  }
  trib_site_topic(topic, "model", client->round.terms.model_hash, TRIB_HASH_BYTES, "/+");
  return client->port.subscribe(client->port.user, topic);
}

trib_status trib_on_model_chunk(trib_client* client, const unsigned char* payload, size_t size) {
  const trib_terms* terms = &client->round.terms;
  const size_t model_bytes = (size_t)terms->parameters * sizeof(float);
  const unsigned char* part;
  size_t part_size;
  size_t offset;
  size_t want;
  trib_model_frame frame;
  if (client->phase != TRIB_PHASE_FETCHING) return TRIB_STALE;
  if (trib_decode_model(&frame, &part, &part_size, payload, size) != TRIB_OK ||
      frame.total != client->model_chunks) {
    return TRIB_MALFORMED;
  }
  if (memcmp(frame.model_tag, terms->model_hash, sizeof frame.model_tag) != 0) return TRIB_STALE;
  offset = (size_t)frame.index * terms->model_chunk_bytes;
  want = model_bytes - offset < terms->model_chunk_bytes ? model_bytes - offset
                                                         : terms->model_chunk_bytes;
  if (part_size != want) return TRIB_MALFORMED;
  if (client->fetched_map[frame.index / 8] >> (frame.index % 8) & 1) return TRIB_OK;
  memcpy((unsigned char*)client->memory.initial + offset, part, part_size);
  client->fetched_map[frame.index / 8] =
      (unsigned char)(client->fetched_map[frame.index / 8] | 1U << (frame.index % 8));
  trib_retry_start(client);
  return ++client->fetched == client->model_chunks ? check_model(client) : TRIB_OK;
}
