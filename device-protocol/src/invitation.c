/* The gateway's invitation, and how long it lets the device sleep. PROTOCOL.md 13. */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/identity.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/steering.h"

enum { LONGEST_SLEEP = 86400 };

/* The body of a message that the own gateway signed. */
static trib_status read_invitation(const trib_client* client, const unsigned char* payload,
                                   size_t size, tributary_v1_Invitation* out) {
  tributary_v1_Signed message = tributary_v1_Signed_init_zero;
  const trib_party* gateway = trib_own_gateway(client);
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_status status;
  if (!pb_decode(&stream, tributary_v1_Signed_fields, &message)) return TRIB_MALFORMED;
  if (!gateway) return TRIB_BAD_CONTEXT; /* asked for again when its key is here */
  status = trib_verify_body(client->port.crypto, "invitation", message.body.bytes,
                            message.body.size, message.signature, gateway->verify_key);
  if (status != TRIB_OK) return status;
  stream = pb_istream_from_buffer(message.body.bytes, message.body.size);
  return pb_decode(&stream, tributary_v1_Invitation_fields, out) ? TRIB_OK : TRIB_MALFORMED;
}

static uint32_t at_most_a_day(uint64_t seconds) {
  return seconds < LONGEST_SLEEP ? (uint32_t)seconds : LONGEST_SLEEP;
}

trib_status trib_on_invitation(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_Invitation fresh = tributary_v1_Invitation_init_zero;
  trib_steering_state* steering = trib_steering_of(client);
  trib_invitation* kept;
  trib_status status;
  if (!steering || size == 0) return TRIB_OK;
  kept = &steering->invitation;
  status = read_invitation(client, payload, size, &fresh);
  if (status != TRIB_OK) return status;
  if (memcmp(fresh.device_id, client->device_id, TRIB_ID_BYTES) != 0) return TRIB_BAD_CONTEXT;
  if (fresh.ctx_hash.size != 0 && fresh.ctx_hash.size != TRIB_HASH_BYTES) return TRIB_MALFORMED;
  if (fresh.sequence <= kept->sequence) return TRIB_STALE;
  memset(kept, 0, sizeof *kept);
  kept->sequence = fresh.sequence;
  kept->come_back_at = fresh.come_back_at;
  kept->arrived_ms = client->port.monotonic_ms(client->port.user);
  if (fresh.come_back_at > fresh.issued_at) {
    kept->sleep_seconds = at_most_a_day(fresh.come_back_at - fresh.issued_at);
  }
  kept->invited = fresh.ctx_hash.size == TRIB_HASH_BYTES;
  if (!kept->invited) return TRIB_OK;
  memcpy(kept->ctx_hash, fresh.ctx_hash.bytes, TRIB_HASH_BYTES);
  /* Its offer may have been passed over for want of this. */
  return trib_has_round(client)
             ? TRIB_OK
             : client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
}

bool trib_invited_to(const trib_client* client, const unsigned char ctx_hash[TRIB_HASH_BYTES]) {
  const trib_steering_state* steering = trib_steering_of(client);
  return steering && steering->invitation.invited &&
         memcmp(steering->invitation.ctx_hash, ctx_hash, TRIB_HASH_BYTES) == 0;
}

static uint32_t left_by_own_clock(const trib_invitation* kept, uint64_t now) {
  return kept->come_back_at > now ? at_most_a_day(kept->come_back_at - now) : 0;
}

static uint32_t left_since_arrival(const trib_invitation* kept, uint64_t now_ms) {
  const uint64_t passed = (now_ms - kept->arrived_ms) / 1000;
  return kept->sleep_seconds > passed ? kept->sleep_seconds - (uint32_t)passed : 0;
}

static bool in_group(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  return pairs && pairs->stage != TRIB_GROUP_NONE;
}

uint32_t trib_client_sleep_seconds(const trib_client* client) {
  const trib_steering_state* steering = trib_steering_of(client);
  const uint64_t now = client->port.unix_seconds(client->port.user);
  if (!steering || client->phase != TRIB_PHASE_IDLE || steering->invitation.come_back_at == 0 ||
      in_group(client)) {
    return 0;
  }
  return now != 0 ? left_by_own_clock(&steering->invitation, now)
                  : left_since_arrival(&steering->invitation,
                                       client->port.monotonic_ms(client->port.user));
}
