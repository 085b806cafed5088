/* The block of memory for mode pairwise, which message goes where, and whose turn it is. */
#include "device-protocol/src/pairs.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

size_t trib_pairwise_bytes(uint32_t devices, uint32_t neighbours) {
  return sizeof(trib_pairs) + (size_t)neighbours * (sizeof(trib_neighbour) + TRIB_KEY_BYTES) +
         larger((size_t)devices * sizeof(uint16_t), (size_t)neighbours * TRIB_KEY_BYTES);
}

trib_pairs* trib_pairs_of(const trib_client* client) {
  return (trib_pairs*)client->memory.pairwise;
}

trib_neighbour* trib_neighbours(const trib_client* client) {
  return (trib_neighbour*)(void*)(trib_pairs_of(client) + 1);
}

unsigned char (*trib_pair_keys_of(const trib_client* client))[TRIB_KEY_BYTES] {
  return (unsigned char(*)[TRIB_KEY_BYTES])(void*)(trib_neighbours(client) +
                                                   trib_pairs_of(client)->group.graph.degree);
}

unsigned char* trib_pair_scratch(const trib_client* client) {
  return (unsigned char*)(trib_pair_keys_of(client) + trib_pairs_of(client)->group.graph.degree);
}

uint32_t trib_place_of(const trib_client* client, uint32_t index) {
  const trib_neighbour* neighbours = trib_neighbours(client);
  const uint32_t degree = trib_pairs_of(client)->group.graph.degree;
  for (uint32_t place = 0; place < degree; ++place) {
    if (neighbours[place].index == index) return place;
  }
  return degree;
}

void trib_slot_terms_of(const trib_client* client, uint32_t slot, trib_slot_terms* terms) {
  const trib_group* group = &trib_pairs_of(client)->group;
  memcpy(terms->graph_seed, group->graph.seed, TRIB_HASH_BYTES);
  terms->slot = slot;
  terms->threshold = (uint8_t)group->threshold;
}

bool trib_pairs_ready(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  return pairs && pairs->stage == TRIB_GROUP_READY;
}

bool trib_has_pair_round(const trib_client* client) {
  return trib_has_round(client) && client->round.terms.pairwise;
}

void trib_pace_start(const trib_client* client, trib_pace* pace) {
  pace->at_ms = 0;
  pace->wait_ms = trib_first_wait(client);
}

void trib_pace_next(const trib_client* client, trib_pace* pace) {
  pace->at_ms = client->port.monotonic_ms(client->port.user) + pace->wait_ms;
  if (pace->wait_ms < trib_first_wait(client) * TRIB_RETRY_GROWTH) pace->wait_ms *= 2;
}

void trib_pace_heard(const trib_client* client, trib_pace* pace) {
  trib_pace_start(client, pace);
  trib_pace_next(client, pace);
}

uint32_t trib_pace_wait(const trib_client* client, const trib_pace* pace) {
  const uint64_t now = client->port.monotonic_ms(client->port.user);
  return pace->at_ms <= now ? 0 : (uint32_t)(pace->at_ms - now);
}

static void put_number(char* out, uint32_t number) {
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *out++ = digits[--count];
  *out = 0;
}

void trib_numbered_topic(char out[TRIB_TOPIC_BYTES], const char* kind,
                         const unsigned char hash[TRIB_HASH_BYTES], uint32_t slot, uint32_t index) {
  trib_site_topic(out, kind, hash, TRIB_HASH_BYTES, "/");
  if (slot > 0) {
    put_number(out + strlen(out), slot);
    strcat(out, "/");
  }
  put_number(out + strlen(out), index);
}

trib_status trib_pairs_connected(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_status status;
  if (!pairs) return TRIB_OK;
  pairs->shown = 0;
  /* One prekey is sent again: its receipt tells whether slots have passed meanwhile. */
  if (pairs->supplied > pairs->confirmed) pairs->confirmed = pairs->supplied;
  pairs->supplied = 0;
  memset(pairs->refused, 0, sizeof pairs->refused);
  pairs->connected_ms = client->port.monotonic_ms(client->port.user);
  trib_pace_start(client, &pairs->pace);
  trib_pace_start(client, &pairs->finish.pace);
  status = client->port.subscribe(client->port.user, "tributary/v1/site/group/+");
  if (status != TRIB_OK) return status;
  return client->port.subscribe(client->port.user, "tributary/v1/site/closing/+");
}

void trib_pairs_round_ended(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  if (!pairs) return;
  trib_pace_start(client, &pairs->pace);
  if (!client->connected) return;
  (void)client->port.subscribe(client->port.user, "tributary/v1/site/group/+");
  (void)client->port.subscribe(client->port.user, "tributary/v1/site/closing/+");
}

trib_status trib_pairs_site(trib_client* client, const char* topic, const unsigned char* payload,
                            size_t size) {
  const char* rest = trib_after(topic, "group/");
  if (!trib_pairs_of(client)) return TRIB_MALFORMED;
  if (rest) return trib_on_group(client, rest, payload, size);
  if (trib_after(topic, "member/")) return trib_on_member(client, payload, size);
  rest = trib_after(topic, "closing/");
  if (rest) return trib_on_closing(client, rest, payload, size);
  if (trib_after(topic, "vow/")) return trib_on_witness_vow(client, payload, size);
  return trib_after(topic, "head/") ? trib_on_head(client, payload, size) : TRIB_MALFORMED;
}

/* A duty that could not speak or save waits like one that got no answer. */
static trib_status waited(trib_client* client, trib_pace* pace, trib_status status) {
  if (status == TRIB_NOT_CONNECTED || status == TRIB_STORAGE) trib_pace_next(client, pace);
  return status == TRIB_NOT_CONNECTED ? TRIB_OK : status;
}

static void sooner(uint32_t* wait_ms, uint32_t wait) {
  if (wait < *wait_ms) *wait_ms = wait;
}

trib_status trib_pairs_turn(trib_client* client, uint32_t* wait_ms) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_status status = TRIB_OK;
  *wait_ms = UINT32_MAX;
  if (!pairs || !client->connected) return TRIB_OK;
  status = waited(client, &pairs->pace, trib_group_turn(client, wait_ms));
  if (!trib_pairs_ready(client) || !trib_joined(client)) return status;
  {
    uint32_t wait = UINT32_MAX;
    const trib_status supplied = waited(client, &pairs->pace, trib_supply_turn(client, &wait));
    sooner(wait_ms, wait);
    if (supplied != TRIB_OK) status = supplied;
  }
  {
    uint32_t wait = UINT32_MAX;
    const trib_status finished =
        waited(client, &pairs->finish.pace, trib_finish_turn(client, &wait));
    sooner(wait_ms, wait);
    if (finished != TRIB_OK) status = finished;
  }
  return status;
}
