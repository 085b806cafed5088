/* Once witnesses enough have signed one set of survivors: which shares, and sending them
 * (PROTOCOL.md 10.4). Of each neighbour one of the two, decided once and saved before any leaves. */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/pairs.h"
#include "tributary.pb.h"

/* Heads are retained: one that has not come after so many requests is not there. */
enum { MOST_REQUESTS = 3 };

/* The set is final: an upload that is not in it will not be. */
static trib_status leave_round(trib_client* client) {
  trib_status status;
  trib_log(client, TRIB_LOG_INFO, "closed while it was worked on, round",
           client->round.terms.round);
  trib_remember_round(client);
  status = trib_save_counters(client);
  return status == TRIB_OK ? trib_round_end(client) : status;
}

static trib_status save_decision(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_reveal_record next;
  trib_status status;
  memset(&next, 0, sizeof next);
  memcpy(next.task_id, pairs->group.task_id, TRIB_ID_BYTES);
  next.vow = pairs->finish.vow;
  memcpy(next.survived, pairs->finish.survived, sizeof next.survived);
  status = trib_record_save(client, TRIB_RECORD_REVEAL, &next, sizeof next, NULL, 0);
  if (status != TRIB_OK) return status;
  pairs->reveal = next;
  pairs->has_reveal = 1;
  return TRIB_OK;
}

trib_status trib_decide(trib_client* client) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  trib_status status = TRIB_OK;
  if (trib_has_pair_round(client)) status = leave_round(client);
  /* The chain first: a decision stands for a slot whose secrets this device no longer has. */
  if (status == TRIB_OK) status = trib_chain_reach(client, finish->vow.slot + 1);
  if (status == TRIB_OK) status = save_decision(client);
  if (status != TRIB_OK) return status;
  trib_log(client, TRIB_LOG_INFO, "survivors certified, slot", finish->vow.slot);
  finish->stage = TRIB_FINISH_ASKING;
  return TRIB_OK;
}

static trib_status send_request(trib_client* client) {
  const trib_finish* finish = &trib_pairs_of(client)->finish;
  tributary_v1_SharesRequest request = tributary_v1_SharesRequest_init_zero;
  memcpy(request.ctx_hash, finish->vow.ctx_hash, TRIB_HASH_BYTES);
  request.place = 0;
  return trib_send_message(client, "/up/shares", tributary_v1_SharesRequest_fields, &request);
}

static void listen(trib_client* client, uint32_t place, bool on) {
  const trib_pairs* pairs = trib_pairs_of(client);
  char topic[TRIB_TOPIC_BYTES];
  trib_numbered_topic(topic, "head", pairs->group.hash, pairs->finish.vow.slot,
                      trib_neighbours(client)[place].index);
  (void)(on ? client->port.subscribe : client->port.unsubscribe)(client->port.user, topic);
}

static bool all_opened(const trib_finish* finish) {
  return finish->opened == (1UL << finish->count) - 1;
}

trib_status trib_on_shares(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  tributary_v1_Shares shares = tributary_v1_Shares_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_finish* finish;
  if (!trib_pairs_ready(client)) return TRIB_STALE;
  finish = &pairs->finish;
  if (!pb_decode(&stream, tributary_v1_Shares_fields, &shares)) return TRIB_MALFORMED;
  if (finish->stage < TRIB_FINISH_ASKING || finish->stage == TRIB_FINISH_DONE ||
      memcmp(shares.ctx_hash, finish->vow.ctx_hash, TRIB_HASH_BYTES) != 0) {
    return TRIB_STALE;
  }
  trib_pace_start(client, &finish->pace);
  if (shares.sealed_count == 0) {
    client->port.crypto->wipe(finish->sealed, sizeof finish->sealed);
    finish->stage = TRIB_FINISH_DONE;
    trib_log(client, TRIB_LOG_INFO, "shares are with the gateway, slot", finish->vow.slot);
    return TRIB_OK;
  }
  if (shares.place >= pairs->group.graph.degree ||
      shares.sealed_count > pairs->group.graph.degree - shares.place) {
    return TRIB_MALFORMED;
  }
  /* Asked again for what is here: the same answer. Its nonce must not serve for another. */
  if (finish->stage != TRIB_FINISH_ASKING && shares.place == finish->place) return TRIB_OK;
  finish->place = shares.place;
  finish->count = shares.sealed_count;
  finish->opened = 0;
  finish->asked = 0;
  memcpy(finish->sealed, shares.sealed, sizeof finish->sealed);
  finish->stage = TRIB_FINISH_OPENING;
  return TRIB_OK;
}

/* Of the kind decided on; another one does not open. */
static void open_share(const trib_client* client, const trib_slot_keys* keys, uint32_t i) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_finish* finish = &pairs->finish;
  const uint32_t place = finish->place + i;
  const trib_share_name name = {
      pairs->group.graph.seed, finish->vow.slot,
      trib_bit(pairs->reveal.survived, place) ? TRIB_SHARE_SELF_SEED : TRIB_SHARE_MASK_SECRET,
      keys->mask_key, keys->commitment};
  unsigned char share[TRIB_KEY_BYTES];
  const trib_status status =
      trib_open_share(client->port.crypto, share, trib_neighbours(client)[place].from_owner, &name,
                      finish->sealed[i]);
  memset(finish->sealed[i], 0, sizeof finish->sealed[i]);
  if (status == TRIB_OK) {
    finish->sealed[i][0] = 1;
    memcpy(finish->sealed[i] + 1, share, sizeof share);
  }
  client->port.crypto->wipe(share, sizeof share);
  finish->opened |= 1U << i;
}

trib_status trib_open_with_head(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_finish* finish = &pairs->finish;
  const uint32_t place = trib_place_of(client, trib_head_index(payload));
  trib_slot_terms terms;
  trib_slot_keys keys;
  trib_status status;
  if (finish->stage != TRIB_FINISH_OPENING || place < finish->place ||
      place >= finish->place + finish->count || finish->opened >> (place - finish->place) & 1) {
    return TRIB_STALE;
  }
  trib_slot_terms_of(client, finish->vow.slot, &terms);
  status = trib_read_head(client->port.crypto, &keys, payload, size, &terms,
                          (uint8_t)pairs->group.graph.degree, &trib_neighbours(client)[place]);
  if (status != TRIB_OK) return status;
  listen(client, place, false);
  open_share(client, &keys, place - finish->place);
  if (all_opened(finish)) trib_pace_start(client, &finish->pace);
  return TRIB_OK;
}

static void seal(const trib_client* client, tributary_v1_Reveal* reveal) {
  const trib_finish* finish = &trib_pairs_of(client)->finish;
  const trib_party* gateway = trib_own_gateway(client);
  const trib_part parts[] = {{finish->vow.ctx_hash, TRIB_HASH_BYTES},
                             {client->device_id, TRIB_ID_BYTES}};
  const size_t size = finish->count * (size_t)TRIB_REVEALED_BYTES;
  unsigned char* at = reveal->sealed.bytes;
  unsigned char nonce[12] = {0};
  unsigned char key[TRIB_KEY_BYTES];
  for (uint32_t i = 0; i < finish->count; ++i, at += TRIB_REVEALED_BYTES) {
    memset(at, 0, TRIB_REVEALED_BYTES);
    if (finish->opened >> i & 1) memcpy(at, finish->sealed[i], TRIB_REVEALED_BYTES);
  }
  trib_put32(nonce, finish->place);
  trib_kdf(client->port.crypto, key, gateway->pair_key, "reveal-key", parts, 2);
  client->port.crypto->aead_seal(reveal->sealed.bytes, size, at, NULL, 0, nonce, key);
  reveal->sealed.size = (pb_size_t)(size + TRIB_TAG_BYTES);
  client->port.crypto->wipe(key, sizeof key);
}

static trib_status send_reveal(trib_client* client) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  tributary_v1_Reveal reveal = tributary_v1_Reveal_init_zero;
  trib_status status;
  if (!trib_own_gateway(client)) return TRIB_NOT_CONNECTED;
  memcpy(reveal.ctx_hash, finish->vow.ctx_hash, TRIB_HASH_BYTES);
  reveal.place = finish->place;
  seal(client, &reveal);
  status = trib_send_message(client, "/up/reveal", tributary_v1_Reveal_fields, &reveal);
  client->port.crypto->wipe(&reveal, sizeof reveal);
  return status;
}

/* Sends what is open, or asks once more for the heads that are missing. */
static trib_status open_turn(trib_client* client) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  if (all_opened(finish) || finish->asked == MOST_REQUESTS) {
    finish->stage = TRIB_FINISH_REVEALED;
    trib_pace_start(client, &finish->pace);
    return send_reveal(client);
  }
  finish->asked += 1;
  for (uint32_t i = 0; i < finish->count; ++i) {
    if (!(finish->opened >> i & 1)) listen(client, finish->place + i, true);
  }
  return TRIB_OK;
}

static trib_status speak(trib_client* client) {
  switch (trib_pairs_of(client)->finish.stage) {
    case TRIB_FINISH_ASKING:
      return send_request(client);
    case TRIB_FINISH_OPENING:
      return open_turn(client);
    case TRIB_FINISH_REVEALED:
      return send_reveal(client);
    case TRIB_FINISH_NONE:
    case TRIB_FINISH_COUNTING:
    case TRIB_FINISH_DECIDING:
    case TRIB_FINISH_DONE:
      break;
  }
  return TRIB_OK;
}

trib_status trib_finish_turn(trib_client* client, uint32_t* wait_ms) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  trib_status status;
  if (finish->stage == TRIB_FINISH_NONE || finish->stage == TRIB_FINISH_DONE) return TRIB_OK;
  *wait_ms = trib_pace_wait(client, &finish->pace);
  if (*wait_ms > 0) return TRIB_OK;
  if (finish->stage == TRIB_FINISH_COUNTING) {
    status = trib_vow_turn(client);
  } else if (finish->stage == TRIB_FINISH_DECIDING) {
    status = trib_decide(client);
  } else {
    status = speak(client);
    if (status == TRIB_OK) trib_pace_next(client, &finish->pace);
  }
  *wait_ms = status == TRIB_OK ? trib_pace_wait(client, &finish->pace) : finish->pace.wait_ms;
  return status;
}
