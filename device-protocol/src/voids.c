/* Rule D3: one model is contributed to once, unless nobody will ever answer for the first time. */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/identity.h"
#include "tributary.pb.h"

typedef struct void_count {
  const trib_client* client;
  const trib_task_memory* task;
  bool held[TRIB_MAX_HELPERS];
} void_count;

static const trib_party* helper_party(const trib_client* client,
                                      const unsigned char id[TRIB_ID_BYTES]) {
  for (uint32_t i = 0; i < client->epoch.party_count; ++i) {
    const trib_party* party = &client->epoch.parties[i];
    if (party->is_helper && memcmp(party->id, id, TRIB_ID_BYTES) == 0) return party;
  }
  return NULL;
}

/* Of a wider scope the promise is about that scope and about no gateway, else about the own gateway alone. */
static bool about_scope(const void_count* count, const tributary_v1_RoundScope* scope) {
  static const unsigned char none[TRIB_ID_BYTES] = {0};
  const bool wide = memcmp(count->task->scope_id, none, sizeof none) != 0;
  return memcmp(scope->scope_id, count->task->scope_id, TRIB_ID_BYTES) == 0 &&
         memcmp(scope->gateway_id, wide ? none : count->client->gateway_id, TRIB_ID_BYTES) == 0;
}

static bool about_contribution(const void_count* count, const tributary_v1_Void* statement) {
  const tributary_v1_RoundScope* scope = &statement->scope;
  /* The tenant is the certificate's: a helper signs for its own only. */
  return statement->has_scope && scope->round == count->task->contributed_round &&
         memcmp(scope->task_id, count->task->task_id, TRIB_ID_BYTES) == 0 &&
         about_scope(count, scope);
}

/* Statements about other rounds, or that do not verify, count for nothing. */
static void count_statement(void_count* count, const tributary_v1_Signed* message) {
  tributary_v1_Void statement = tributary_v1_Void_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(message->body.bytes, message->body.size);
  const trib_party* helper;
  if (!pb_decode(&stream, tributary_v1_Void_fields, &statement)) return;
  helper = helper_party(count->client, statement.helper_id);
  if (!helper || !about_contribution(count, &statement) ||
      trib_verify_body(count->client->port.crypto, "void", message->body.bytes, message->body.size,
                       message->signature, helper->verify_key) != TRIB_OK) {
    return;
  }
  for (uint32_t i = 0; i < count->task->helper_count; ++i) {
    if (memcmp(count->task->helper_ids[i], statement.helper_id, TRIB_ID_BYTES) == 0) {
      count->held[i] = true;
    }
  }
}

static bool on_void(pb_istream_t* stream, const pb_field_iter_t* field, void** arg) {
  tributary_v1_Signed message = tributary_v1_Signed_init_zero;
  (void)field;
  if (!pb_decode(stream, tributary_v1_Signed_fields, &message)) return false;
  count_statement((void_count*)*arg, &message);
  return true;
}

bool trib_may_contribute_to(const trib_client* client, const trib_task_memory* task,
                            const unsigned char model_hash[TRIB_HASH_BYTES],
                            const unsigned char* offer, size_t size) {
  void_count count = {client, task, {false}};
  tributary_v1_Offer message = tributary_v1_Offer_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(offer, size);
  if (!task || task->participations == 0 ||
      memcmp(task->model_hash, model_hash, sizeof task->model_hash) != 0) {
    return true;
  }
  message.voids.funcs.decode = on_void;
  message.voids.arg = &count;
  if (!pb_decode(&stream, tributary_v1_Offer_fields, &message)) return false;
  for (uint32_t i = 0; i < task->helper_count; ++i) {
    if (!count.held[i]) return false;
  }
  return true;
}
