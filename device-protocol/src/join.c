/* Joining a site: hello with the device's certified epoch key, the gateway's and helpers' keys. */
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "device-protocol/src/certified.h"
#include "device-protocol/src/client_state.h"
#include "device-protocol/src/identity.h"
#include "tributary.pb.h"

/* The epoch key's body must be the same bytes every time: its hash is what Welcome names. */
static trib_status epoch_key_body(const trib_client* client, tributary_v1_Signed* out,
                                  const tributary_v1_DeviceIdentity* identity) {
  tributary_v1_EpochKey key = tributary_v1_EpochKey_init_zero;
  tributary_v1_Certificate certificate = tributary_v1_Certificate_init_zero;
  pb_istream_t in =
      pb_istream_from_buffer(identity->certificate.body.bytes, identity->certificate.body.size);
  pb_ostream_t stream;
  if (!pb_decode(&in, tributary_v1_Certificate_fields, &certificate)) return TRIB_MALFORMED;
  memcpy(key.subject_id, client->device_id, TRIB_ID_BYTES);
  key.role = tributary_v1_Role_ROLE_DEVICE;
  key.epoch = client->epoch.epoch;
  client->port.crypto->x25519_base(key.public_key, client->epoch.secret);
  key.not_after = certificate.not_after;
  stream = pb_ostream_from_buffer(out->body.bytes, sizeof out->body.bytes);
  if (!pb_encode(&stream, tributary_v1_EpochKey_fields, &key)) return TRIB_NO_SPACE;
  out->body.size = (pb_size_t)stream.bytes_written;
  return TRIB_OK;
}

trib_status trib_say_hello(trib_client* client) {
  tributary_v1_DeviceIdentity identity;
  tributary_v1_Hello hello = tributary_v1_Hello_init_zero;
  tributary_v1_Signed* key = &hello.key.epoch_key;
  char topic[TRIB_TOPIC_BYTES];
  pb_ostream_t stream = pb_ostream_from_buffer(client->memory.message, client->memory.message_size);
  trib_status status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) status = epoch_key_body(client, key, &identity);
  if (status == TRIB_OK) {
    status = trib_sign_body(client->port.crypto, "epoch-key", key->body.bytes, key->body.size,
                            key->signature, identity.identity_seed);
  }
  if (status == TRIB_OK) {
    hello.has_key = true;
    hello.key.has_certificate = true;
    hello.key.has_epoch_key = true;
    hello.key.certificate = identity.certificate;
    hello.protocol_version = TRIB_PROTOCOL_VERSION;
    if (client->options.firmware) {
      strncpy(hello.firmware, client->options.firmware, sizeof hello.firmware - 1);
    }
    status = pb_encode(&stream, tributary_v1_Hello_fields, &hello) ? TRIB_OK : TRIB_NO_SPACE;
  }
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  trib_device_topic(client, topic, "/up/hello");
  return client->port.publish(client->port.user, topic, client->memory.message,
                              stream.bytes_written);
}

trib_status trib_on_welcome(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_DeviceIdentity identity;
  tributary_v1_Welcome welcome = tributary_v1_Welcome_init_zero;
  tributary_v1_Signed key;
  unsigned char hash[TRIB_HASH_BYTES];
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_status status;
  if (!pb_decode(&stream, tributary_v1_Welcome_fields, &welcome)) return TRIB_MALFORMED;
  status = trib_load_identity(client, &identity);
  if (status == TRIB_OK) status = epoch_key_body(client, &key, &identity);
  client->port.crypto->wipe(&identity, sizeof identity);
  if (status != TRIB_OK) return status;
  {
    const trib_part part = {key.body.bytes, key.body.size};
    trib_hash(client->port.crypto, hash, "epoch-key", &part, 1);
  }
  if (!trib_equal(hash, welcome.epoch_key_hash, sizeof hash)) return TRIB_STALE;
  if (client->epoch.welcomed) return TRIB_OK;
  client->epoch.welcomed = 1;
  status = trib_save_epoch(client);
  if (status != TRIB_OK) client->epoch.welcomed = 0;
  return status;
}

/* One certified key of the site: of the device's own gateway, or of a helper. */
static trib_status verify_key(const trib_client* client, const tributary_v1_CertifiedKey* wire,
                              const tributary_v1_DeviceIdentity* identity, trib_certified* out) {
  const trib_status status = trib_verify_certified(client, wire, identity, out);
  if (status != TRIB_OK) return status;
  if (out->key.role == tributary_v1_Role_ROLE_HELPER) return TRIB_OK;
  return out->key.role == tributary_v1_Role_ROLE_GATEWAY &&
                 memcmp(out->key.subject_id, client->gateway_id, TRIB_ID_BYTES) == 0
             ? TRIB_OK
             : TRIB_BAD_CONTEXT;
}

/* Parties are in the order in which they were last shown. */
static void move_last(const trib_client* client, trib_epoch_state* epoch, uint32_t index) {
  trib_party party = epoch->parties[index];
  memmove(&epoch->parties[index], &epoch->parties[index + 1],
          (epoch->party_count - 1 - index) * sizeof party);
  epoch->parties[epoch->party_count - 1] = party;
  client->port.crypto->wipe(&party, sizeof party);
}

/* The slot of this party, a free one, or that of the helper not shown for longest; the own gateway
 * is never pushed out. */
static trib_party* slot_for(trib_client* client, const tributary_v1_EpochKey* key) {
  trib_epoch_state* epoch = &client->epoch;
  const bool helper = key->role == tributary_v1_Role_ROLE_HELPER;
  for (uint32_t i = 0; i < epoch->party_count; ++i) {
    trib_party* party = &epoch->parties[i];
    if (party->is_helper == helper && memcmp(party->id, key->subject_id, TRIB_ID_BYTES) == 0) {
      return party;
    }
  }
  if (epoch->party_count < TRIB_MAX_PARTIES) return &epoch->parties[epoch->party_count++];
  {
    uint32_t oldest = 0;
    while (oldest + 1 < TRIB_MAX_PARTIES && !epoch->parties[oldest].is_helper) ++oldest;
    memmove(&epoch->parties[oldest], &epoch->parties[oldest + 1],
            (TRIB_MAX_PARTIES - 1 - oldest) * sizeof(trib_party));
    return &epoch->parties[TRIB_MAX_PARTIES - 1];
  }
}

/* Computes and keeps the pair key unless it is known. `*changed` is set when something is new. */
static trib_status keep_party(trib_client* client, const tributary_v1_DeviceIdentity* identity,
                              const trib_certified* verified, bool* changed) {
  const tributary_v1_EpochKey* key = &verified->key;
  const bool helper = key->role == tributary_v1_Role_ROLE_HELPER;
  trib_pair_party pair;
  unsigned char pair_key[TRIB_KEY_BYTES];
  trib_status status;
  memcpy(pair.id, key->subject_id, sizeof pair.id);
  memcpy(pair.public_key, key->public_key, sizeof pair.public_key);
  pair.epoch = key->epoch;
  status = trib_pair_key(client->port.crypto, pair_key, client->epoch.secret, client->device_id,
                         &pair, identity->pair_psk.bytes, identity->pair_psk.size);
  if (status != TRIB_OK) return status;
  {
    const trib_party* known = trib_find_party(client, key->subject_id, key->epoch, helper);
    if (known && trib_equal(known->pair_key, pair_key, sizeof pair_key)) {
      move_last(client, &client->epoch, (uint32_t)(known - client->epoch.parties));
    } else {
      trib_party* party = slot_for(client, key);
      memset(party, 0, sizeof *party);
      memcpy(party->id, key->subject_id, sizeof party->id);
      memcpy(party->pair_key, pair_key, sizeof party->pair_key);
      memcpy(party->verify_key, verified->certificate.public_key, sizeof party->verify_key);
      party->epoch = key->epoch;
      party->is_helper = helper;
      strncpy(party->operator_name, verified->certificate.operator, TRIB_MAX_OPERATOR - 1);
      *changed = true;
    }
  }
  client->port.crypto->wipe(pair_key, sizeof pair_key);
  return TRIB_OK;
}

/* SiteKeys is read one key at a time, so that its length costs no memory. */
typedef struct key_reader {
  trib_client* client;
  const tributary_v1_DeviceIdentity* identity;
  bool changed;
  trib_status worst;
} key_reader;

static bool read_key(pb_istream_t* stream, const pb_field_t* field, void** argument) {
  key_reader* reader = (key_reader*)*argument;
  tributary_v1_CertifiedKey wire = tributary_v1_CertifiedKey_init_zero;
  trib_certified verified;
  trib_status status;
  (void)field;
  if (!pb_decode(stream, tributary_v1_CertifiedKey_fields, &wire)) return false;
  status = verify_key(reader->client, &wire, reader->identity, &verified);
  if (status == TRIB_OK) {
    status = keep_party(reader->client, reader->identity, &verified, &reader->changed);
  }
  /* One bad key does not spoil the others. */
  if (status != TRIB_OK) reader->worst = status;
  return true;
}

trib_status trib_on_site_keys(trib_client* client, const unsigned char* payload, size_t size) {
  tributary_v1_DeviceIdentity identity;
  tributary_v1_SiteKeys keys = tributary_v1_SiteKeys_init_zero;
  key_reader reader = {client, &identity, false, TRIB_OK};
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  trib_status status;
  /* The keys of an upload under way stay as they are: other keys would put another vector under its
   * nonce. The end of the round asks for the keys again. */
  if (trib_has_round(client) && client->round.has_nonce) return TRIB_OK;
  status = trib_load_identity(client, &identity);
  if (status != TRIB_OK) return status;
  keys.keys.funcs.decode = read_key;
  keys.keys.arg = &reader;
  status = pb_decode(&stream, tributary_v1_SiteKeys_fields, &keys) ? reader.worst : TRIB_MALFORMED;
  client->port.crypto->wipe(&identity, sizeof identity);
  if (reader.changed) {
    const trib_status saved = trib_save_epoch(client);
    /* No key is used that a reboot would not find again. */
    if (saved != TRIB_OK) {
      client->epoch.party_count = 0;
      return saved;
    }
    if (client->options.steering && client->connected) {
      char topic[TRIB_TOPIC_BYTES];
      trib_device_topic(client, topic, "/down/settings");
      (void)client->port.subscribe(client->port.user, topic);
    }
  }
  return status;
}

const trib_party* trib_find_party(const trib_client* client, const unsigned char id[TRIB_ID_BYTES],
                                  uint32_t epoch, bool helper) {
  for (uint32_t i = 0; i < client->epoch.party_count; ++i) {
    const trib_party* party = &client->epoch.parties[i];
    if (party->is_helper == helper && party->epoch == epoch &&
        memcmp(party->id, id, TRIB_ID_BYTES) == 0) {
      return party;
    }
  }
  return NULL;
}

const trib_party* trib_own_gateway(const trib_client* client) {
  for (uint32_t i = 0; i < client->epoch.party_count; ++i) {
    if (!client->epoch.parties[i].is_helper) return &client->epoch.parties[i];
  }
  return NULL;
}

bool trib_joined(const trib_client* client) {
  return trib_own_gateway(client) && client->epoch.welcomed != 0;
}
