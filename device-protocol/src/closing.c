/* The survivors of a round as the gateway names them, and the witnesses who say that there is one set
 * (PROTOCOL.md 10.4). */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/identity.h"
#include "device-protocol/src/member.h"
#include "device-protocol/src/pairs.h"

static bool of_group(const trib_client* client, const tributary_v1_RoundContext* context) {
  const trib_group* group = &trib_pairs_of(client)->group;
  return context->mode == tributary_v1_TrustMode_TRUST_MODE_PAIRWISE && context->has_pairwise &&
         context->minimum_reader_version <= TRIB_PROTOCOL_VERSION &&
         memcmp(context->pairwise.group_hash, group->hash, TRIB_HASH_BYTES) == 0 &&
         memcmp(context->task_id, group->task_id, TRIB_ID_BYTES) == 0 &&
         memcmp(context->gateway_id, client->gateway_id, TRIB_ID_BYTES) == 0 &&
         context->round >= group->first_slot && context->round <= group->last_slot;
}

/* The context is the coordinator's; `*n_min` is its own or the provisioned floor. */
static trib_status read_context(const trib_client* client, const tributary_v1_Closing* closing,
                                trib_slot_vow* vow, uint32_t* n_min) {
  tributary_v1_RoundContext context = tributary_v1_RoundContext_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(closing->context.bytes, closing->context.size);
  const trib_part part = {closing->context.bytes, closing->context.size};
  if (!pb_decode(&stream, tributary_v1_RoundContext_fields, &context)) return TRIB_MALFORMED;
  if (!of_group(client, &context)) return TRIB_BAD_CONTEXT;
  if (context.n_min > *n_min) *n_min = context.n_min;
  vow->slot = (uint32_t)context.round;
  memcpy(vow->graph_seed, trib_pairs_of(client)->group.graph.seed, TRIB_HASH_BYTES);
  trib_hash(client->port.crypto, vow->ctx_hash, "ctx", &part, 1);
  return TRIB_OK;
}

static trib_status verify_context(const trib_client* client, const tributary_v1_Closing* closing,
                                  uint32_t* n_min_floor) {
  tributary_v1_DeviceIdentity identity;
  trib_status status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) {
    status = trib_verify_body(client->port.crypto, "ctx", closing->context.bytes,
                              closing->context.size, closing->signature, identity.coordinator_key);
    *n_min_floor = identity.n_min_floor;
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  return status;
}

static trib_status read_survivors(const trib_client* client, const tributary_v1_Closing* closing,
                                  trib_slot_vow* vow) {
  const uint32_t n = trib_pairs_of(client)->group.graph.devices;
  uint32_t n_min = 0;
  uint32_t count;
  trib_status status = verify_context(client, closing, &n_min);
  if (status == TRIB_OK) status = read_context(client, closing, vow, &n_min);
  if (status != TRIB_OK) return status;
  if (closing->survivors.size != (n + 7) / 8) return TRIB_MALFORMED;
  count = trib_survivor_count(closing->survivors.bytes, n);
  if (count > n) return TRIB_MALFORMED;
  if (count < n_min) return TRIB_BAD_CONTEXT;
  trib_hash_survivors(client->port.crypto, vow, closing->survivors.bytes, n, count);
  return TRIB_OK;
}

/* Rounds of later slots have been worked on: this one was given up for them. */
static bool is_burnt(const trib_client* client, uint32_t slot) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const trib_task_memory* task = trib_find_task(client, pairs->group.task_id);
  return slot < pairs->chain.first || (task && task->last_round > slot) ||
         (trib_has_pair_round(client) && client->round.terms.round > slot);
}

static void listen(trib_client* client, bool on) {
  char topic[TRIB_TOPIC_BYTES];
  trib_site_topic(topic, "vow", trib_pairs_of(client)->finish.vow.ctx_hash, TRIB_HASH_BYTES, "/+");
  (void)(on ? client->port.subscribe : client->port.unsubscribe)(client->port.user, topic);
}

void trib_finish_end(trib_client* client) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  if (finish->stage != TRIB_FINISH_NONE) listen(client, false);
  client->port.crypto->wipe(finish, sizeof *finish);
}

static void begin(trib_client* client, const trib_slot_vow* vow, const unsigned char* survivors) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_finish* finish = &pairs->finish;
  const trib_group* group = &pairs->group;
  const trib_slot_vow* last = trib_last_vow(pairs);
  trib_finish_end(client);
  finish->vow = *vow;
  for (uint32_t place = 0; place < group->graph.degree; ++place) {
    if (trib_bit(survivors, trib_neighbours(client)[place].index)) {
      trib_set_bit(finish->survived, place);
    }
  }
  trib_draw_witnesses(client->port.crypto, finish->drawn,
                      (uint16_t*)(void*)trib_pair_scratch(client), group->graph.seed, vow->slot,
                      group->graph.devices, group->witnesses);
  finish->drawn_here = trib_bit(finish->drawn, group->index) && trib_may_say(last, vow);
  trib_pace_start(client, &finish->pace);
  /* The saved decision was made with the witnesses' vows at hand. */
  finish->stage = trib_last_reveal(pairs) && trib_last_reveal(pairs)->vow.slot == vow->slot
                      ? TRIB_FINISH_ASKING
                      : TRIB_FINISH_COUNTING;
}

static bool same_set(const trib_slot_vow* a, const trib_slot_vow* b) {
  return a->slot == b->slot && trib_may_say(a, b);
}

static trib_status consider(trib_client* client, const trib_slot_vow* vow,
                            const unsigned char* survivors) {
  trib_pairs* pairs = trib_pairs_of(client);
  const trib_finish* finish = &pairs->finish;
  const trib_reveal_record* revealed = trib_last_reveal(pairs);
  if (finish->stage != TRIB_FINISH_NONE && same_set(&finish->vow, vow)) return TRIB_OK;
  if (is_burnt(client, vow->slot) || (revealed && !trib_may_say(&revealed->vow, vow))) {
    return TRIB_STALE;
  }
  begin(client, vow, survivors);
  return TRIB_OK;
}

trib_status trib_on_closing(trib_client* client, const char* task, const unsigned char* payload,
                            size_t size) {
  tributary_v1_Closing closing = tributary_v1_Closing_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_slot_vow vow;
  char own[2 * TRIB_ID_BYTES + 1];
  trib_status status;
  if (!trib_pairs_ready(client)) return TRIB_STALE;
  trib_hex(own, trib_pairs_of(client)->group.task_id, TRIB_ID_BYTES);
  if (strcmp(own, task) != 0) return TRIB_OK;
  if (size == 0) {
    trib_finish_end(client);
    trib_pairs_round_ended(client);
    return TRIB_OK;
  }
  if (!pb_decode(&stream, tributary_v1_Closing_fields, &closing)) return TRIB_MALFORMED;
  status = read_survivors(client, &closing, &vow);
  /* Where the chain begins bounds what may be said at all. */
  if (status == TRIB_OK) status = trib_chain_have(client);
  return status == TRIB_OK ? consider(client, &vow, closing.survivors.bytes) : status;
}

/* Durable before it is said. */
static trib_status save_vow(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_vow_record next;
  trib_status status;
  if (trib_last_vow(pairs) && same_set(trib_last_vow(pairs), &pairs->finish.vow)) return TRIB_OK;
  memset(&next, 0, sizeof next);
  memcpy(next.task_id, pairs->group.task_id, TRIB_ID_BYTES);
  next.vow = pairs->finish.vow;
  status = trib_record_save(client, TRIB_RECORD_VOW, &next, sizeof next, NULL, 0);
  if (status != TRIB_OK) return status;
  pairs->vow = next;
  pairs->has_vow = 1;
  return TRIB_OK;
}

static trib_status send_vow(trib_client* client) {
  const trib_slot_vow* vow = &trib_pairs_of(client)->vow.vow;
  tributary_v1_Vow message = tributary_v1_Vow_init_zero;
  tributary_v1_DeviceIdentity identity;
  trib_status status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) {
    status = trib_sign_hash(client->port.crypto, "survivor-set", vow->survivors_hash,
                            message.signature, identity.identity_seed);
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  memcpy(message.ctx_hash, vow->ctx_hash, TRIB_HASH_BYTES);
  memcpy(message.survivors_hash, vow->survivors_hash, TRIB_HASH_BYTES);
  return trib_send_message(client, "/up/vow", tributary_v1_Vow_fields, &message);
}

trib_status trib_vow_turn(trib_client* client) {
  trib_finish* finish = &trib_pairs_of(client)->finish;
  trib_status status = TRIB_OK;
  if (finish->drawn_here) status = save_vow(client);
  if (finish->drawn_here && status == TRIB_OK) status = send_vow(client);
  if (status != TRIB_OK) return status;
  listen(client, true);
  trib_pace_next(client, &finish->pace);
  return TRIB_OK;
}

trib_status trib_on_witness_vow(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_finish* finish = &pairs->finish;
  tributary_v1_WitnessVow vow = tributary_v1_WitnessVow_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_certified verified;
  trib_status status;
  if (!trib_pairs_ready(client) || finish->stage != TRIB_FINISH_COUNTING) return TRIB_STALE;
  if (!pb_decode(&stream, tributary_v1_WitnessVow_fields, &vow)) return TRIB_MALFORMED;
  if (!vow.has_witness || vow.witness.index >= pairs->group.graph.devices ||
      !trib_bit(finish->drawn, vow.witness.index)) {
    return TRIB_BAD_CONTEXT;
  }
  status = trib_verify_member(client, &vow.witness, &verified);
  if (status != TRIB_OK) return status;
  status = trib_verify_hash(client->port.crypto, "survivor-set", finish->vow.survivors_hash,
                            vow.signature, verified.certificate.public_key);
  if (status != TRIB_OK) return status;
  trib_clear_bit(finish->drawn, vow.witness.index);
  if (++finish->counted == pairs->group.quorum) {
    listen(client, false);
    finish->stage = TRIB_FINISH_DECIDING;
    trib_pace_start(client, &finish->pace);
  }
  return TRIB_OK;
}
