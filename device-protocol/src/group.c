/* Finding one's place in a group and getting to know the neighbours (PROTOCOL.md 10.1). */
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/identity.h"
#include "device-protocol/src/member.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/sealed_share.h"

static bool numbers_fit(const tributary_v1_Group* group, uint32_t n_min_floor) {
  const uint32_t n = group->devices;
  const uint32_t k = group->neighbours;
  return n >= 3 && n <= TRIB_MAX_MEMBERS && n >= n_min_floor && k < n && k <= TRIB_MAX_NEIGHBOURS &&
         (k % 2 == 0 || k == n - 1) && group->threshold >= 1 && group->threshold <= k &&
         group->quorum >= 1 && group->quorum <= group->witnesses && group->witnesses <= n &&
         2 * group->quorum > group->witnesses && group->first_slot <= group->last_slot &&
         group->last_slot < UINT32_MAX;
}

static trib_status check_group(const trib_client* client, const tributary_v1_Group* group) {
  tributary_v1_DeviceIdentity identity;
  const trib_status status = trib_load_identity(client, &identity);
  bool fits;
  if (status != TRIB_OK) return status;
  fits = group->minimum_reader_version <= TRIB_PROTOCOL_VERSION &&
         strcmp(group->tenant, identity.tenant) == 0 &&
         memcmp(group->gateway_id, identity.gateway_id, TRIB_ID_BYTES) == 0 &&
         numbers_fit(group, identity.n_min_floor);
  client->port.crypto->wipe(&identity, sizeof identity);
  return fits ? TRIB_OK : TRIB_BAD_CONTEXT;
}

/* The message's own words, under the coordinator's signature; its hash names the group. */
static trib_status read_group(const trib_client* client, tributary_v1_Group* group,
                              unsigned char hash[TRIB_HASH_BYTES], const unsigned char* payload,
                              size_t size) {
  tributary_v1_Signed message = tributary_v1_Signed_init_zero;
  tributary_v1_DeviceIdentity identity;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_status status;
  if (!pb_decode(&stream, tributary_v1_Signed_fields, &message)) return TRIB_MALFORMED;
  status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) {
    status = trib_verify_body(client->port.crypto, "group", message.body.bytes, message.body.size,
                              message.signature, identity.coordinator_key);
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  {
    const trib_part part = {message.body.bytes, message.body.size};
    trib_hash(client->port.crypto, hash, "group", &part, 1);
  }
  memset(group, 0, sizeof *group);
  stream = pb_istream_from_buffer(message.body.bytes, message.body.size);
  return pb_decode(&stream, tributary_v1_Group_fields, group) ? TRIB_OK : TRIB_MALFORMED;
}

/* Says once why, and does not look at this group again until it has connected anew. */
static trib_status refuse(trib_client* client, const unsigned char hash[TRIB_HASH_BYTES],
                          const char* why, uint64_t number, trib_status status) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_log(client, TRIB_LOG_WARNING, why, number);
  memcpy(pairs->refused, hash, TRIB_HASH_BYTES);
  return status;
}

static trib_status check_room(trib_client* client, const tributary_v1_Group* group,
                              const unsigned char hash[TRIB_HASH_BYTES]) {
  const size_t prekey =
      TRIB_PREKEY_HEAD_BYTES + (size_t)group->neighbours * TRIB_PREKEY_SHARE_BYTES;
  const size_t block = trib_pairwise_bytes(group->devices, group->neighbours);
  if (client->memory.message_size < prekey) {
    return refuse(client, hash, "message buffer too small for the group's prekeys, bytes needed",
                  prekey, TRIB_NO_SPACE);
  }
  if (client->memory.pairwise_size < block) {
    return refuse(client, hash, "pairwise memory too small for the group, bytes needed", block,
                  TRIB_NO_SPACE);
  }
  return TRIB_OK;
}

static bool busy(const trib_client* client) {
  const trib_finish_stage stage = trib_pairs_of(client)->finish.stage;
  return trib_has_pair_round(client) || (stage != TRIB_FINISH_NONE && stage != TRIB_FINISH_DONE);
}

static void adopt(trib_client* client, const tributary_v1_Group* from,
                  const unsigned char hash[TRIB_HASH_BYTES]) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_group* group = &pairs->group;
  trib_finish_end(client);
  memset(group, 0, sizeof *group);
  memcpy(group->hash, hash, TRIB_HASH_BYTES);
  memcpy(group->task_id, from->task_id, TRIB_ID_BYTES);
  memcpy(group->roster_root, from->roster_root, TRIB_HASH_BYTES);
  trib_graph_seed(client->port.crypto, group->graph.seed, from->roster_root, from->beacon);
  group->graph.devices = (uint16_t)from->devices;
  group->graph.degree = (uint16_t)from->neighbours;
  group->threshold = from->threshold;
  group->witnesses = from->witnesses;
  group->quorum = from->quorum;
  group->first_slot = from->first_slot;
  group->last_slot = from->last_slot;
  pairs->stage = TRIB_GROUP_SEARCHING;
  pairs->current = 0;
  pairs->low = 0;
  pairs->high = from->devices;
  pairs->shown = 1;
  pairs->withdrawn = 0;
  trib_pace_start(client, &pairs->pace);
}

trib_status trib_on_group(trib_client* client, const char* task, const unsigned char* payload,
                          size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  tributary_v1_Group group;
  unsigned char hash[TRIB_HASH_BYTES];
  char own[2 * TRIB_ID_BYTES + 1];
  trib_status status;
  trib_hex(own, pairs->group.task_id, TRIB_ID_BYTES);
  if (size == 0) {
    if (strcmp(own, task) == 0) pairs->withdrawn = 1;
    return TRIB_OK;
  }
  status = read_group(client, &group, hash, payload, size);
  if (status != TRIB_OK) return status;
  if (pairs->stage != TRIB_GROUP_NONE && memcmp(hash, pairs->group.hash, sizeof hash) == 0) {
    pairs->shown = 1;
    pairs->withdrawn = 0;
    return TRIB_OK;
  }
  if (memcmp(hash, pairs->refused, sizeof hash) == 0) return TRIB_OK;
  status = check_group(client, &group);
  if (status == TRIB_OK) status = check_room(client, &group, hash);
  if (status != TRIB_OK) return status;
  if (pairs->stage != TRIB_GROUP_NONE) {
    if (memcmp(group.task_id, pairs->group.task_id, TRIB_ID_BYTES) != 0) return TRIB_BAD_CONTEXT;
    if (group.first_slot <= pairs->group.first_slot) return TRIB_STALE;
  }
  /* It is retained, and asked for again when what goes on is over. */
  if (!busy(client)) adopt(client, &group, hash);
  return TRIB_OK;
}

static trib_status forget(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  const trib_status status =
      client->port.storage.erase(client->port.user, TRIB_RECORD_GROUP) == TRIB_OK ? TRIB_OK
                                                                                  : TRIB_STORAGE;
  if (status != TRIB_OK) return status;
  trib_finish_end(client);
  client->port.crypto->wipe(trib_neighbours(client),
                            pairs->group.graph.degree * sizeof(trib_neighbour));
  memset(&pairs->group, 0, sizeof pairs->group);
  pairs->stage = TRIB_GROUP_NONE;
  pairs->withdrawn = 0;
  return client->port.subscribe(client->port.user, "tributary/v1/site/group/+");
}

static uint32_t middle(const trib_pairs* pairs) {
  return pairs->low + (pairs->high - pairs->low) / 2;
}

static void listen(trib_client* client, uint32_t index, bool on) {
  char topic[TRIB_TOPIC_BYTES];
  trib_numbered_topic(topic, "member", trib_pairs_of(client)->group.hash, 0, index);
  (void)(on ? client->port.subscribe : client->port.unsubscribe)(client->port.user, topic);
}

/* Its place is known: who are the neighbours? */
static trib_status begin_gathering(trib_client* client, uint32_t index) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_neighbour* neighbours = trib_neighbours(client);
  uint16_t indices[TRIB_MAX_NEIGHBOURS];
  const trib_status status = trib_graph_neighbours(client->port.crypto, indices,
                                                   (uint16_t*)(void*)trib_pair_scratch(client),
                                                   &pairs->group.graph, (uint16_t)index);
  if (status != TRIB_OK) return status;
  pairs->group.index = index;
  memset(pairs->gathered, 0, sizeof pairs->gathered);
  memset(neighbours, 0, pairs->group.graph.degree * sizeof(trib_neighbour));
  for (uint32_t place = 0; place < pairs->group.graph.degree; ++place) {
    neighbours[place].index = indices[place];
  }
  pairs->stage = TRIB_GROUP_GATHERING;
  trib_pace_start(client, &pairs->pace);
  return TRIB_OK;
}

static bool own_epoch_key(const trib_client* client, const tributary_v1_EpochKey* key) {
  unsigned char own[TRIB_KEY_BYTES];
  client->port.crypto->x25519_base(own, client->epoch.secret);
  return memcmp(own, key->public_key, sizeof own) == 0;
}

static trib_status not_in(trib_client* client, const char* why) {
  trib_pairs* pairs = trib_pairs_of(client);
  pairs->stage = TRIB_GROUP_NONE;
  return refuse(client, pairs->group.hash, why, pairs->group.graph.devices, TRIB_BAD_CONTEXT);
}

/* Ids ascend: each member it looks at halves what is left. */
static trib_status search(trib_client* client, const tributary_v1_Member* member) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_certified own;
  int order;
  if (member->index != middle(pairs) || !trib_in_group(client, member)) return TRIB_BAD_CONTEXT;
  listen(client, member->index, false);
  memset(&own, 0, sizeof own);
  if (!trib_read_certified(&member->key, &own)) return TRIB_MALFORMED;
  order = memcmp(own.certificate.subject_id, client->device_id, TRIB_ID_BYTES);
  if (order == 0) {
    if (own_epoch_key(client, &own.key)) return begin_gathering(client, member->index);
    return not_in(client, "the group has another epoch key of this device; members");
  }
  if (order < 0) {
    pairs->low = member->index + 1;
  } else {
    pairs->high = member->index;
  }
  if (pairs->low == pairs->high) return not_in(client, "not in the task's group; members");
  trib_pace_start(client, &pairs->pace);
  return TRIB_OK;
}

static bool all_gathered(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  for (uint32_t place = 0; place < pairs->group.graph.degree; ++place) {
    if (!trib_bit(pairs->gathered, place)) return false;
  }
  return true;
}

static trib_status become_ready(trib_client* client) {
  trib_pairs* pairs = trib_pairs_of(client);
  const size_t size = pairs->group.graph.degree * sizeof(trib_neighbour);
  const trib_part part = {trib_neighbours(client), size};
  trib_status status;
  trib_hash(client->port.crypto, pairs->group.body_hash, "neighbours", &part, 1);
  status = trib_record_save(client, TRIB_RECORD_GROUP, &pairs->group, sizeof pairs->group,
                            trib_neighbours(client), size);
  if (status != TRIB_OK) return status;
  pairs->stage = TRIB_GROUP_READY;
  pairs->supplied = 0;
  pairs->confirmed = 0;
  trib_pace_start(client, &pairs->pace);
  trib_log(client, TRIB_LOG_INFO, "in a pairwise group, neighbours", pairs->group.graph.degree);
  /* Both may have been passed over for want of the group. */
  (void)client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
  (void)client->port.subscribe(client->port.user, "tributary/v1/site/closing/+");
  return TRIB_OK;
}

static trib_status keep_neighbour(trib_client* client, const trib_certified* verified,
                                  uint32_t place) {
  trib_pairs* pairs = trib_pairs_of(client);
  trib_neighbour* neighbour = &trib_neighbours(client)[place];
  trib_share_end own;
  trib_share_end other;
  trib_status status;
  memcpy(own.id, client->device_id, TRIB_ID_BYTES);
  client->port.crypto->x25519_base(own.key, client->epoch.secret);
  memcpy(other.id, verified->key.subject_id, TRIB_ID_BYTES);
  memcpy(other.key, verified->key.public_key, TRIB_KEY_BYTES);
  status = trib_share_pair_keys(client->port.crypto, neighbour->to_holder, neighbour->from_owner,
                                client->epoch.secret, &own, &other);
  if (status != TRIB_OK) return status;
  memcpy(neighbour->id, other.id, TRIB_ID_BYTES);
  memcpy(neighbour->verify_key, verified->certificate.public_key, TRIB_KEY_BYTES);
  trib_set_bit(pairs->gathered, place);
  trib_pace_heard(client, &pairs->pace);
  if (all_gathered(client)) trib_pace_start(client, &pairs->pace);
  return TRIB_OK;
}

trib_status trib_on_member(trib_client* client, const unsigned char* payload, size_t size) {
  trib_pairs* pairs = trib_pairs_of(client);
  tributary_v1_Member member = tributary_v1_Member_init_zero;
  trib_certified verified;
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  uint32_t place;
  trib_status status;
  if (pairs->stage != TRIB_GROUP_SEARCHING && pairs->stage != TRIB_GROUP_GATHERING) {
    return TRIB_STALE;
  }
  if (!pb_decode(&stream, tributary_v1_Member_fields, &member)) return TRIB_MALFORMED;
  if (pairs->stage == TRIB_GROUP_SEARCHING) return search(client, &member);
  place = trib_place_of(client, member.index);
  if (place == pairs->group.graph.degree) return TRIB_BAD_CONTEXT;
  if (trib_bit(pairs->gathered, place)) return TRIB_OK;
  status = trib_verify_member(client, &member, &verified);
  if (status != TRIB_OK) return status;
  listen(client, member.index, false);
  return keep_neighbour(client, &verified, place);
}

/* Milliseconds until a group that has not been shown since the last connection, though it is
 * retained, counts as gone. */
static uint32_t until_gone(const trib_client* client) {
  const trib_pairs* pairs = trib_pairs_of(client);
  const uint64_t now = client->port.monotonic_ms(client->port.user);
  const uint64_t end =
      pairs->connected_ms + (uint64_t)trib_first_wait(client) * 2 * TRIB_RETRY_GROWTH;
  if (pairs->stage == TRIB_GROUP_NONE || pairs->shown || busy(client)) return UINT32_MAX;
  return now >= end ? 0 : (uint32_t)(end - now);
}

trib_status trib_group_turn(trib_client* client, uint32_t* wait_ms) {
  trib_pairs* pairs = trib_pairs_of(client);
  *wait_ms = until_gone(client);
  if (*wait_ms == 0 || (pairs->withdrawn && !busy(client))) return forget(client);
  if (pairs->stage != TRIB_GROUP_SEARCHING && pairs->stage != TRIB_GROUP_GATHERING) return TRIB_OK;
  *wait_ms = trib_pace_wait(client, &pairs->pace);
  if (*wait_ms > 0) return TRIB_OK;
  if (pairs->stage == TRIB_GROUP_GATHERING && all_gathered(client)) return become_ready(client);
  trib_pace_next(client, &pairs->pace);
  if (pairs->stage == TRIB_GROUP_SEARCHING) {
    listen(client, middle(pairs), true);
  } else {
    for (uint32_t place = 0; place < pairs->group.graph.degree; ++place) {
      if (!trib_bit(pairs->gathered, place)) {
        listen(client, trib_neighbours(client)[place].index, true);
      }
    }
  }
  *wait_ms = trib_pace_wait(client, &pairs->pace);
  return TRIB_OK;
}
