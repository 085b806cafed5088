/* Which slot is next, and what has been said about earlier ones: records chain, vow and reveal.
 *
 * A chain belongs to one task. Before another task's takes its place, the rounds it has spoken about
 * are remembered as over: coming back, it begins behind them. */
#include <string.h>

#include "device-protocol/src/pairs.h"

/* Further than this no prekeys can have been left: a new key is as good as so many steps. */
enum { MOST_STEPS = 4096 };

static bool of_task(const unsigned char* task_id, const trib_pairs* pairs) {
  return memcmp(task_id, pairs->group.task_id, TRIB_ID_BYTES) == 0;
}

const trib_slot_vow* trib_last_vow(const trib_pairs* pairs) {
  return pairs->has_vow && of_task(pairs->vow.task_id, pairs) ? &pairs->vow.vow : NULL;
}

const trib_reveal_record* trib_last_reveal(const trib_pairs* pairs) {
  return pairs->has_reveal && of_task(pairs->reveal.task_id, pairs) ? &pairs->reveal : NULL;
}

static bool has_own_chain(const trib_pairs* pairs) {
  return pairs->has_chain && of_task(pairs->chain.task_id, pairs);
}

uint32_t trib_next_slot(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const trib_task_memory* task = trib_find_task(client, pairs->group.task_id);
  uint32_t slot = pairs->group.first_slot;
  if (task && task->last_round >= slot) {
    slot = task->last_round < UINT32_MAX ? (uint32_t)task->last_round + 1 : UINT32_MAX;
  }
  if (pairs->current > slot) slot = pairs->current;
  if (has_own_chain(pairs) && pairs->chain.slot > slot) slot = pairs->chain.slot;
  return slot;
}

void trib_chain_key_at(const trib_client* client, uint32_t slot,
                       unsigned char key[TRIB_KEY_BYTES]) {
  const trib_chain* chain = &trib_pairs_of(client)->chain;
  memcpy(key, chain->key, TRIB_KEY_BYTES);
  for (uint32_t at = chain->slot; at < slot; ++at) trib_chain_next(client->port.crypto, key);
}

/* What the chain that goes has spoken about is over for its task. */
static trib_status close_task(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  const unsigned char* task_id = pairs->chain.task_id;
  if (!pairs->has_chain) return TRIB_OK;
  if (pairs->chain.slot > 0) trib_raise_round(client, task_id, pairs->chain.slot - 1);
  if (pairs->has_vow && memcmp(pairs->vow.task_id, task_id, TRIB_ID_BYTES) == 0) {
    trib_raise_round(client, task_id, pairs->vow.vow.slot);
  }
  if (pairs->has_reveal && memcmp(pairs->reveal.task_id, task_id, TRIB_ID_BYTES) == 0) {
    trib_raise_round(client, task_id, pairs->reveal.vow.slot);
  }
  return trib_save_counters(client);
}

static trib_status keep_chain(trib_client* client, trib_chain* next) {
  trib_pairs* pairs = trib_pairs_of(client);
  const trib_status status =
      trib_record_save(client, TRIB_RECORD_CHAIN, next, sizeof *next, NULL, 0);
  if (status == TRIB_OK) {
    pairs->chain = *next;
    pairs->has_chain = 1;
  }
  client->port.crypto->wipe(next, sizeof *next);
  return status;
}

trib_status trib_chain_reach(trib_client* client, uint32_t slot) {
  trib_pairs* pairs = trib_pairs_of(client);
  const bool known = has_own_chain(pairs);
  trib_chain next;
  if (known && pairs->chain.slot >= slot) return TRIB_OK;
  if (!known) {
    const trib_status closed = close_task(client);
    if (closed != TRIB_OK) return closed;
  }
  memset(&next, 0, sizeof next);
  memcpy(next.task_id, pairs->group.task_id, TRIB_ID_BYTES);
  next.first = known ? pairs->chain.first : slot;
  next.slot = slot;
  if (known && slot - pairs->chain.slot <= MOST_STEPS) {
    trib_chain_key_at(client, slot, next.key);
  } else if (client->port.random(client->port.user, next.key, sizeof next.key) != TRIB_OK) {
    return TRIB_CRYPTO;
  }
  return keep_chain(client, &next);
}

trib_status trib_chain_have(trib_client* client) {
  return has_own_chain(trib_pairs_of(client)) ? TRIB_OK
                                              : trib_chain_reach(client, trib_next_slot(client));
}

/* A record that is missing or damaged was never written. */
static trib_status load(trib_client* client, trib_record record, void* out, size_t size,
                        uint32_t* has) {
  const trib_status status = trib_record_load(client, record, out, size);
  *has = status == TRIB_OK;
  return status == TRIB_NOT_FOUND ? TRIB_OK : status;
}

static trib_status load_group(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_group* group = &pairs->group;
  uint32_t has = 0;
  size_t size;
  unsigned char hash[TRIB_HASH_BYTES];
  trib_status status = load(client, TRIB_RECORD_GROUP, group, sizeof *group, &has);
  if (status == TRIB_OK && has &&
      trib_pairwise_bytes(group->graph.devices, group->graph.degree) <=
          client->memory.pairwise_size) {
    const trib_part part = {trib_neighbours(client), group->graph.degree * sizeof(trib_neighbour)};
    size = part.size;
    status = trib_record_load_body(client, TRIB_RECORD_GROUP, sizeof *group,
                                   trib_neighbours(client), size);
    trib_hash(client->port.crypto, hash, "neighbours", &part, 1);
    if (status == TRIB_OK && trib_equal(hash, group->body_hash, sizeof hash)) {
      pairs->stage = TRIB_GROUP_READY;
    }
  }
  if (pairs->stage != TRIB_GROUP_READY) memset(group, 0, sizeof *group);
  return status == TRIB_NOT_FOUND ? TRIB_OK : status;
}

trib_status trib_pairs_start(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_status status;
  if (!pairs) return TRIB_OK;
  if (client->memory.pairwise_size < sizeof *pairs) return TRIB_BAD_ARGUMENT;
  memset(pairs, 0, sizeof *pairs);
  status = load_group(client);
  if (status == TRIB_OK) {
    status = load(client, TRIB_RECORD_CHAIN, &pairs->chain, sizeof pairs->chain, &pairs->has_chain);
  }
  if (status == TRIB_OK) {
    status = load(client, TRIB_RECORD_VOW, &pairs->vow, sizeof pairs->vow, &pairs->has_vow);
  }
  if (status == TRIB_OK) {
    status =
        load(client, TRIB_RECORD_REVEAL, &pairs->reveal, sizeof pairs->reveal, &pairs->has_reveal);
  }
  return status;
}
