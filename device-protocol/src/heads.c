/* The neighbours' mask keys of a round: all of them, signed, or no part in it (PROTOCOL.md 10.3). */
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/pairs.h"

/* Head of record "mask keys"; the body is k keys. */
typedef struct heads_record {
  unsigned char ctx_hash[TRIB_HASH_BYTES];
  unsigned char body_hash[TRIB_HASH_BYTES];
} heads_record;

void trib_pair_slot_seen(trib_pairs* pairs, const unsigned char* group_hash,
                         const unsigned char* task_id, uint64_t round) {
  const trib_group* group = &pairs->group;
  if (memcmp(group_hash, group->hash, TRIB_HASH_BYTES) == 0 &&
      memcmp(task_id, group->task_id, TRIB_ID_BYTES) == 0 && round <= group->last_slot &&
      round > pairs->current) {
    pairs->current = (uint32_t)round;
  }
}

trib_status trib_pair_offer_fits(const trib_client* client, const unsigned char* group_hash,
                                 const unsigned char* task_id, uint64_t round) {
  const trib_pairs* pairs = trib_pairs_of(client);
  if (!trib_pairs_ready(client) || memcmp(group_hash, pairs->group.hash, TRIB_HASH_BYTES) != 0 ||
      memcmp(task_id, pairs->group.task_id, TRIB_ID_BYTES) != 0 ||
      round < pairs->group.first_slot || round > pairs->group.last_slot) {
    return TRIB_BAD_CONTEXT;
  }
  return round < trib_next_slot(client) ? TRIB_STALE : TRIB_OK;
}

trib_status trib_pair_round_take(trib_client* client, uint64_t round) {
  const trib_finish* finish = &trib_pairs_of(client)->finish;
  if (finish->stage != TRIB_FINISH_NONE && finish->vow.slot < round) trib_finish_end(client);
  return trib_chain_reach(client, (uint32_t)round);
}

bool trib_pair_round_holds(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const trib_terms* terms = &client->round.terms;
  return trib_pairs_ready(client) && pairs->has_chain && pairs->chain.slot == terms->round &&
         memcmp(pairs->chain.task_id, terms->task_id, TRIB_ID_BYTES) == 0 &&
         trib_get32(pairs->group.hash) == terms->group_tag;
}

void trib_heads_begin(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  memset(pairs->heads, 0, sizeof pairs->heads);
  pairs->heads_saved = 0;
  pairs->seeded = 0;
}

static void listen(trib_client* client, uint32_t slot, uint32_t index, bool on) {
  char topic[TRIB_TOPIC_BYTES];
  trib_numbered_topic(topic, "head", trib_pairs_of(client)->group.hash, slot, index);
  (void)(on ? client->port.subscribe : client->port.unsubscribe)(client->port.user, topic);
}

/* The degree when none is missing. */
static uint32_t first_missing(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  uint32_t place = 0;
  while (place < pairs->group.graph.degree && trib_bit(pairs->heads, place)) ++place;
  return place;
}

bool trib_heads_complete(const trib_client* client) {
  return first_missing(client) == trib_pairs_of(client)->group.graph.degree;
}

trib_status trib_heads_more(trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  for (uint32_t place = 0; place < pairs->group.graph.degree; ++place) {
    if (!trib_bit(pairs->heads, place)) {
      listen(client, (uint32_t)client->round.terms.round, trib_neighbours(client)[place].index,
             true);
    }
  }
  return TRIB_OK;
}

bool trib_heads_hopeless(const trib_client* client) {
  if (!trib_has_pair_round(client) || client->fetched < client->model_chunks ||
      client->retry_wait_ms < trib_first_wait(client) * TRIB_RETRY_GROWTH ||
      trib_heads_complete(client)) {
    return false;
  }
  trib_log(client, TRIB_LOG_WARNING, "no prekey in this slot of the neighbour with index",
           trib_neighbours(client)[first_missing(client)].index);
  return true;
}

static trib_status keep_head(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  const uint32_t place = trib_place_of(client, trib_head_index(payload));
  trib_slot_terms terms;
  trib_slot_keys keys;
  trib_status status;
  if (place == pairs->group.graph.degree) return TRIB_BAD_CONTEXT;
  if (trib_bit(pairs->heads, place)) return TRIB_OK;
  trib_slot_terms_of(client, (uint32_t)client->round.terms.round, &terms);
  status = trib_read_head(client->port.crypto, &keys, payload, size, &terms,
                          (uint8_t)pairs->group.graph.degree, &trib_neighbours(client)[place]);
  if (status != TRIB_OK) return status;
  memcpy(trib_pair_keys_of(client)[place], keys.mask_key, TRIB_KEY_BYTES);
  trib_set_bit(pairs->heads, place);
  listen(client, terms.slot, trib_neighbours(client)[place].index, false);
  trib_retry_start(client);
  return trib_fetch_check(client);
}

trib_status trib_on_head(trib_client* client, const unsigned char* payload, size_t size) {
  trib_status opened;
  if (!trib_pairs_ready(client)) return TRIB_STALE;
  if (size != TRIB_PREKEY_HEAD_BYTES) return TRIB_MALFORMED;
  opened = trib_open_with_head(client, payload, size);
  if (client->phase != TRIB_PHASE_FETCHING || !client->round.terms.pairwise) return opened;
  return keep_head(client, payload, size);
}

static void hash_keys(const trib_client* client, unsigned char out[TRIB_HASH_BYTES], size_t size) {
  const trib_part part = {trib_pair_keys_of(client), size};
  trib_hash(client->port.crypto, out, "mask-keys", &part, 1);
}

trib_status trib_heads_save(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  const size_t size = pairs->group.graph.degree * (size_t)TRIB_KEY_BYTES;
  heads_record record;
  trib_status status;
  if (pairs->heads_saved) return TRIB_OK;
  memcpy(record.ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES);
  hash_keys(client, record.body_hash, size);
  status = trib_record_save(client, TRIB_RECORD_MASK_KEYS, &record, sizeof record,
                            trib_pair_keys_of(client), size);
  if (status == TRIB_OK) pairs->heads_saved = 1;
  return status;
}

trib_status trib_heads_load(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  const size_t size = pairs->group.graph.degree * (size_t)TRIB_KEY_BYTES;
  unsigned char hash[TRIB_HASH_BYTES];
  heads_record record;
  trib_status status = trib_record_load(client, TRIB_RECORD_MASK_KEYS, &record, sizeof record);
  trib_heads_begin(client);
  if (status == TRIB_OK) {
    status = trib_record_load_body(client, TRIB_RECORD_MASK_KEYS, sizeof record,
                                   trib_pair_keys_of(client), size);
  }
  if (status != TRIB_OK) return status;
  hash_keys(client, hash, size);
  if (!trib_equal(hash, record.body_hash, sizeof hash) ||
      memcmp(record.ctx_hash, client->round.terms.ctx_hash, TRIB_HASH_BYTES) != 0) {
    return TRIB_NOT_FOUND;
  }
  for (uint32_t place = 0; place < pairs->group.graph.degree; ++place) {
    trib_set_bit(pairs->heads, place);
  }
  pairs->heads_saved = 1;
  return TRIB_OK;
}
