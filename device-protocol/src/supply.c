/* Prekeys ahead of the rounds that will use them, one at a time until its receipt is here. */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/identity.h"
#include "device-protocol/src/pairs.h"

/* The end of what is wanted now. */
static uint32_t supply_end(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const uint32_t last = pairs->group.last_slot + 1;
  const uint32_t next = trib_next_slot(client);
  if (next >= last) return last;
  return last - next < TRIB_PREKEYS_AHEAD ? last : next + TRIB_PREKEYS_AHEAD;
}

static trib_status make(trib_client* client, uint32_t slot) {
  const trib_pairs* pairs = trib_pairs_of(client);
  tributary_v1_DeviceIdentity identity;
  unsigned char key[TRIB_KEY_BYTES];
  trib_slot_terms terms;
  trib_prekey_owner owner;
  trib_status status = trib_load_identity(client, &identity);
  if (status != TRIB_OK) return status;
  trib_slot_terms_of(client, slot, &terms);
  trib_chain_key_at(client, slot, key);
  owner.index = pairs->group.index;
  owner.id = client->device_id;
  owner.identity_seed = identity.identity_seed;
  owner.chain_key = key;
  owner.neighbours = trib_neighbours(client);
  owner.count = (uint8_t)pairs->group.graph.degree;
  status = trib_make_prekey(client->port.crypto, client->memory.message, trib_pair_scratch(client),
                            &terms, &owner);
  client->port.crypto->wipe(key, sizeof key);
  client->port.crypto->wipe(&identity, sizeof identity);
  return status;
}

static trib_status send(trib_client* client, uint32_t slot) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const size_t size =
      TRIB_PREKEY_HEAD_BYTES + (size_t)pairs->group.graph.degree * TRIB_PREKEY_SHARE_BYTES;
  char topic[TRIB_TOPIC_BYTES];
  const trib_status status = make(client, slot);
  if (status != TRIB_OK) return status;
  trib_device_topic(client, topic, "/up/prekey");
  return client->port.publish(client->port.user, topic, client->memory.message, size);
}

trib_status trib_supply_turn(trib_client* client, uint32_t* wait_ms) {
  trib_pairs* pairs = trib_pairs_of(client);
  const uint32_t next = trib_next_slot(client);
  trib_status status;
  if (client->phase != TRIB_PHASE_IDLE) return TRIB_OK;
  if (pairs->supplied < next) pairs->supplied = next;
  if (pairs->supplied >= supply_end(client)) return TRIB_OK;
  *wait_ms = trib_pace_wait(client, &pairs->pace);
  if (*wait_ms > 0) return TRIB_OK;
  status = trib_chain_reach(client, next);
  if (status == TRIB_OK) status = send(client, pairs->supplied);
  if (status == TRIB_OK) trib_pace_next(client, &pairs->pace);
  *wait_ms = pairs->pace.wait_ms;
  return status;
}

static bool mac_holds(const trib_client* client, const char* label, uint32_t slot,
                      const unsigned char mac[TRIB_MAC_BYTES]) {
  const trib_party* gateway = trib_own_gateway(client);
  unsigned char key[TRIB_KEY_BYTES];
  unsigned char number[4];
  unsigned char expected[TRIB_MAC_BYTES];
  const trib_part parts[] = {{trib_pairs_of(client)->group.hash, TRIB_HASH_BYTES},
                             {client->device_id, TRIB_ID_BYTES},
                             {number, sizeof number}};
  if (!gateway) return false;
  trib_put32(number, slot);
  trib_kdf(client->port.crypto, key, gateway->pair_key, "receipt-key", NULL, 0);
  trib_mac16(client->port.crypto, expected, key, label, parts, 3);
  client->port.crypto->wipe(key, sizeof key);
  return trib_equal(mac, expected, sizeof expected);
}

trib_status trib_on_prekey_receipt(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  tributary_v1_PrekeyReceipt receipt = tributary_v1_PrekeyReceipt_init_zero;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  if (!pb_decode(&stream, tributary_v1_PrekeyReceipt_fields, &receipt)) return TRIB_MALFORMED;
  if (!trib_pairs_ready(client) || receipt.slot != pairs->supplied ||
      memcmp(receipt.group_hash, pairs->group.hash, TRIB_HASH_BYTES) != 0) {
    return TRIB_STALE;
  }
  if (!mac_holds(client, "prekey", receipt.slot, receipt.mac)) return TRIB_BAD_SIGNATURE;
  if (receipt.next_slot > pairs->current && receipt.next_slot <= pairs->group.last_slot + 1 &&
      mac_holds(client, "next-slot", receipt.next_slot, receipt.next_mac)) {
    pairs->current = receipt.next_slot;
  }
  pairs->supplied += 1;
  if (pairs->supplied < pairs->confirmed) pairs->supplied = pairs->confirmed;
  trib_pace_start(client, &pairs->pace);
  return TRIB_OK;
}
