/* In place of the files of mode pairwise, for a device that leaves it out: as if its caller had given no
 * memory for it (trib_client_memory.pairwise). */
#include "device-protocol/src/pairs.h"

size_t trib_pairwise_bytes(uint32_t devices, uint32_t neighbours) {
  (void)devices;
  (void)neighbours;
  return 0;
}

trib_pairs* trib_pairs_of(const trib_client* client) {
  (void)client;
  return NULL;
}

trib_status trib_pairs_start(trib_client* client) {
  (void)client;
  return TRIB_OK;
}

trib_status trib_pairs_connected(trib_client* client) {
  (void)client;
  return TRIB_OK;
}

void trib_pairs_round_ended(trib_client* client) {
  (void)client;
}

trib_status trib_pairs_site(trib_client* client, const char* topic, const unsigned char* payload,
                            size_t size) {
  (void)client;
  (void)topic;
  (void)payload;
  (void)size;
  return TRIB_MALFORMED;
}

trib_status trib_pairs_turn(trib_client* client, uint32_t* wait_ms) {
  (void)client;
  *wait_ms = UINT32_MAX;
  return TRIB_OK;
}

trib_status trib_on_prekey_receipt(trib_client* client, const unsigned char* payload, size_t size) {
  (void)client;
  (void)payload;
  (void)size;
  return TRIB_MALFORMED;
}

trib_status trib_on_shares(trib_client* client, const unsigned char* payload, size_t size) {
  (void)client;
  (void)payload;
  (void)size;
  return TRIB_MALFORMED;
}

/* No offer of the mode is taken, so no round of it is ever in progress. */
trib_status trib_pair_offer_fits(const trib_client* client, const unsigned char* group_hash,
                                 const unsigned char* task_id, uint64_t round) {
  (void)client;
  (void)group_hash;
  (void)task_id;
  (void)round;
  return TRIB_BAD_CONTEXT;
}

void trib_pair_slot_seen(trib_pairs* pairs, const unsigned char* group_hash,
                         const unsigned char* task_id, uint64_t round) {
  (void)pairs;
  (void)group_hash;
  (void)task_id;
  (void)round;
}

trib_status trib_pair_round_take(trib_client* client, uint64_t round) {
  (void)client;
  (void)round;
  return TRIB_BAD_CONTEXT;
}

bool trib_pair_round_holds(const trib_client* client) {
  (void)client;
  return false;
}

void trib_heads_begin(trib_client* client) {
  (void)client;
}

bool trib_heads_complete(const trib_client* client) {
  (void)client;
  return true;
}

trib_status trib_heads_more(trib_client* client) {
  (void)client;
  return TRIB_OK;
}

bool trib_heads_hopeless(const trib_client* client) {
  (void)client;
  return false;
}

trib_status trib_heads_save(trib_client* client) {
  (void)client;
  return TRIB_BAD_CONTEXT;
}

trib_status trib_heads_load(trib_client* client) {
  (void)client;
  return TRIB_NOT_FOUND;
}

bool trib_seeds_missing(const trib_client* client) {
  (void)client;
  return false;
}

trib_status trib_seeds_turn(trib_client* client) {
  (void)client;
  return TRIB_BAD_CONTEXT;
}

trib_status trib_add_pair_masks(const trib_client* client, unsigned char* words, uint64_t offset,
                                size_t size) {
  (void)client;
  (void)words;
  (void)offset;
  (void)size;
  return TRIB_BAD_CONTEXT;
}
