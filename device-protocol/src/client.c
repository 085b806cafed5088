/* The state machine of PROTOCOL.md 9: which message means what in which phase, and when to speak
 * again. What a phase does is in join.c, offer.c, fetch.c, train.c and upload.c. */
#include "tributary/client.h"

#include <string.h>

#include "device-protocol/src/client_state.h"
#include "device-protocol/src/identity.h"
#include "device-protocol/src/pairs.h"
#include "device-protocol/src/steering.h"

/* C99 has no static assertion; an array of negative size does not compile. */
typedef char trib_client_below_4096[sizeof(struct trib_client) < 4096 ? 1 : -1];

enum { DEFAULT_RETRY_MS = 2000, MIN_MESSAGE = 1024 };

size_t trib_client_size(void) {
  return sizeof(trib_client_below_4096) * sizeof(struct trib_client);
}

void trib_log(const trib_client* client, trib_log_level level, const char* text, uint64_t number) {
  const trib_steering_state* steering = trib_steering_of(client);
  if (steering && (uint32_t)level + 1 < steering->settings.log_level) return;
  if (client->port.log) client->port.log(client->port.user, level, text, number);
}

uint32_t trib_first_wait(const trib_client* client) {
  return client->options.retry_ms > 0 ? client->options.retry_ms : (uint32_t)DEFAULT_RETRY_MS;
}

void trib_retry_start(trib_client* client) {
  client->retry_wait_ms = trib_first_wait(client);
  client->retry_at_ms = client->port.monotonic_ms(client->port.user) + client->retry_wait_ms;
}

void trib_retry_next(trib_client* client) {
  client->retry_at_ms = client->port.monotonic_ms(client->port.user) + client->retry_wait_ms;
  if (client->retry_wait_ms < trib_first_wait(client) * TRIB_RETRY_GROWTH)
    client->retry_wait_ms *= 2;
}

bool trib_has_round(const trib_client* client) {
  return client->phase >= TRIB_PHASE_FETCHING;
}

trib_status trib_round_end(trib_client* client) {
  const trib_storage_port* storage = &client->port.storage;
  char topic[TRIB_TOPIC_BYTES];
  trib_status status;
  if (client->phase == TRIB_PHASE_FETCHING) {
    trib_site_topic(topic, "model", client->round.terms.model_hash, TRIB_HASH_BYTES, "/+");
    (void)client->port.unsubscribe(client->port.user, topic);
  }
  (void)trib_keep_update(client); /* a residual that is lost begins again at 0 */
  /* The round record goes first: without it the weights mean nothing. */
  status = storage->erase(client->port.user, TRIB_RECORD_ROUND);
  if (status == TRIB_OK) status = storage->erase(client->port.user, TRIB_RECORD_WEIGHTS);
  if (status == TRIB_OK && client->round.terms.pairwise) {
    status = storage->erase(client->port.user, TRIB_RECORD_MASK_KEYS);
  }
  client->port.crypto->wipe(
      client->memory.weights,
      ((size_t)client->round.terms.parameters + client->trainer.personal) * sizeof(float));
  client->port.crypto->wipe(&client->round, sizeof client->round);
  client->port.crypto->wipe(&client->progress, sizeof client->progress);
  client->port.crypto->wipe(&client->rounding, sizeof client->rounding);
  client->residual_kept = false;
  client->phase = TRIB_PHASE_IDLE;
  trib_retry_start(client);
  /* Keys and offers are retained: subscribing again brings those that were passed over meanwhile. */
  if (client->connected) {
    (void)client->port.subscribe(client->port.user, "tributary/v1/site/keys");
    (void)client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
  }
  trib_pairs_round_ended(client);
  return status == TRIB_OK ? TRIB_OK : TRIB_STORAGE;
}

trib_status trib_round_give_up(trib_client* client, trib_status reason) {
  trib_status saved;
  trib_status ended;
  trib_log(client, TRIB_LOG_WARNING, trib_status_text(reason), client->round.terms.round);
  trib_remember_round(client);
  saved = trib_save_counters(client);
  /* Also when storage fails: what memory holds of the round may be half made. */
  ended = trib_round_end(client);
  if (saved != TRIB_OK) return saved;
  return ended == TRIB_OK ? reason : ended;
}

static bool ports_complete(const trib_port* port) {
  return port->crypto && port->storage.load && port->storage.save && port->storage.erase &&
         port->monotonic_ms && port->unix_seconds && port->random && port->publish &&
         port->subscribe && port->unsubscribe;
}

static trib_status resume_round(trib_client* client) {
  trib_status status = trib_load_round(client);
  if (status == TRIB_NOT_FOUND) {
    client->phase = trib_joined(client) ? TRIB_PHASE_IDLE : TRIB_PHASE_JOINING;
    memset(&client->round, 0, sizeof client->round);
    return TRIB_OK;
  }
  if (status != TRIB_OK) return status;
  if (client->phase == TRIB_PHASE_FETCHING) trib_fetch_begin(client);
  if (client->phase == TRIB_PHASE_REQUESTING) status = trib_upload_begin(client);
  /* A round that cannot go on must not keep the device from starting. */
  if (status != TRIB_OK && status != TRIB_STORAGE) (void)trib_round_give_up(client, status);
  return status == TRIB_STORAGE ? TRIB_STORAGE : TRIB_OK;
}

trib_status trib_client_start(void* storage, const trib_port* port, const trib_trainer* trainer,
                              const trib_client_memory* memory, const trib_client_options* options,
                              trib_client** client) {
  trib_client* self = (trib_client*)storage;
  tributary_v1_DeviceIdentity identity;
  trib_status status;
  if (!storage || !port || !ports_complete(port) || !trainer || !trainer->model || !memory ||
      memory->message_size < MIN_MESSAGE ||
      memory->parameters < (uint64_t)trainer->parameters + trainer->personal) {
    return TRIB_BAD_ARGUMENT;
  }
  memset(self, 0, sizeof *self);
  self->port = *port;
  self->trainer = *trainer;
  self->memory = *memory;
  if (options) self->options = *options;
  trib_retry_start(self);
  status = trib_load_identity(self, &identity);
  if (status != TRIB_OK) return status;
  memcpy(self->device_id, identity.device_id, TRIB_ID_BYTES);
  memcpy(self->gateway_id, identity.gateway_id, TRIB_ID_BYTES);
  self->port.crypto->wipe(&identity, sizeof identity);
  status = trib_steering_start(self);
  if (status == TRIB_OK) status = trib_load_state(self);
  if (status == TRIB_OK) status = trib_pairs_start(self);
  if (status == TRIB_OK) status = resume_round(self);
  *client = self;
  return status;
}

trib_status trib_client_connected(trib_client* client) {
  char topic[TRIB_TOPIC_BYTES];
  trib_status status;
  if (trib_client_decommissioned(client)) return TRIB_NOT_FOUND;
  client->connected = true;
  trib_retry_start(client);
  status = trib_steering_connected(client);
  if (status == TRIB_OK) status = trib_pairs_connected(client);
  trib_device_topic(client, topic, "/down/+");
  if (status == TRIB_OK) status = client->port.subscribe(client->port.user, topic);
  if (status == TRIB_OK) {
    status = client->port.subscribe(client->port.user, "tributary/v1/site/keys");
  }
  if (status == TRIB_OK) status = trib_say_hello(client);
  if (status == TRIB_OK) {
    status = client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
  }
  if (status != TRIB_OK) return status;
  if (client->phase == TRIB_PHASE_FETCHING) return trib_fetch_more(client);
  if (client->phase == TRIB_PHASE_UPLOADING) client->phase = TRIB_PHASE_REQUESTING;
  if (trib_has_round(client)) client->retry_at_ms = 0;
  return TRIB_OK;
}

static bool round_is_over(const trib_client* client) {
  const uint64_t now = client->port.unix_seconds(client->port.user);
  return now != 0 && now > client->round.terms.deadline;
}

/* An offer of the round in progress says nothing new; one of a later round of the same task, or no
 * offer at all, ends it. */
static trib_status on_offer(trib_client* client, const char* task, const unsigned char* payload,
                            size_t size) {
  char own[2 * TRIB_ID_BYTES + 1];
  trib_terms terms;
  trib_status status;
  trib_hex(own, client->round.terms.task_id, TRIB_ID_BYTES);
  if (size == 0) {
    return trib_has_round(client) && strcmp(own, task) == 0 ? trib_round_end(client) : TRIB_OK;
  }
  if (client->phase == TRIB_PHASE_JOINING) return TRIB_OK;
  status = trib_read_offer(client, &terms, payload, size);
  if (status != TRIB_OK) return status;
  if (trib_has_round(client)) {
    if (memcmp(terms.task_id, client->round.terms.task_id, TRIB_ID_BYTES) != 0 ||
        terms.round <= client->round.terms.round) {
      return TRIB_OK;
    }
    status = trib_round_end(client);
    if (status != TRIB_OK) return status;
  }
  status = trib_steer_terms(client, &terms);
  if (status != TRIB_OK) return status;
  if (terms.pairwise) {
    status = trib_pair_round_take(client, terms.round);
    if (status != TRIB_OK) return status;
  }
  memset(&client->round, 0, sizeof client->round);
  memset(&client->progress, 0, sizeof client->progress);
  client->round.terms = terms;
  trib_fetch_begin(client);
  if (terms.pairwise) trib_heads_begin(client);
  status = trib_save_round(client);
  if (status != TRIB_OK) return status;
  client->phase = TRIB_PHASE_FETCHING;
  trib_log(client, TRIB_LOG_INFO, "taking part in round", terms.round);
  trib_retry_start(client);
  return trib_fetch_more(client);
}

/* Keys and welcome may complete the joining. */
static trib_status on_joining(trib_client* client, trib_status status) {
  if (client->phase == TRIB_PHASE_JOINING && trib_joined(client)) {
    client->phase = TRIB_PHASE_IDLE;
    trib_retry_start(client);
    (void)client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
  }
  return status;
}

static trib_status on_down(trib_client* client, const char* kind, const unsigned char* payload,
                           size_t size) {
  if (strcmp(kind, "credit") == 0) return trib_on_credit(client, payload, size);
  if (strcmp(kind, "receipt") == 0) return trib_on_receipt(client, payload, size);
  if (strcmp(kind, "reject") == 0) return trib_on_reject(client, payload, size);
  if (strcmp(kind, "prekey") == 0) return trib_on_prekey_receipt(client, payload, size);
  if (strcmp(kind, "shares") == 0) return trib_on_shares(client, payload, size);
  if (strcmp(kind, "settings") == 0) return trib_on_settings(client, payload, size);
  if (strcmp(kind, "welcome") == 0) {
    return on_joining(client, trib_on_welcome(client, payload, size));
  }
  return TRIB_MALFORMED;
}

trib_status trib_client_message(trib_client* client, const char* topic, const void* payload,
                                size_t size) {
  const unsigned char* bytes = (const unsigned char*)payload;
  const char* site = trib_after(topic, "tributary/v1/site/");
  const char* rest;
  char own[TRIB_TOPIC_BYTES];
  if (trib_client_decommissioned(client)) return TRIB_NOT_FOUND;
  if (site) {
    if (strcmp(site, "keys") == 0) {
      const bool waiting = client->phase == TRIB_PHASE_IDLE;
      const trib_status status = on_joining(client, trib_on_site_keys(client, bytes, size));
      /* An offer may have been refused for want of these keys. */
      if (waiting) (void)client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
      return status;
    }
    rest = trib_after(site, "offer/");
    if (rest) return on_offer(client, rest, bytes, size);
    rest = trib_after(site, "model/");
    return rest ? trib_on_model_chunk(client, bytes, size)
                : trib_pairs_site(client, site, bytes, size);
  }
  trib_device_topic(client, own, "/down/");
  rest = trib_after(topic, own);
  return rest ? on_down(client, rest, bytes, size) : TRIB_MALFORMED;
}

/* Says again what the phase last said. */
static trib_status repeat(trib_client* client) {
  switch (client->phase) {
    case TRIB_PHASE_JOINING:
      trib_retry_next(client);
      return client->connected ? trib_say_hello(client) : TRIB_OK;
    case TRIB_PHASE_FETCHING:
      if (trib_heads_hopeless(client)) return TRIB_BAD_CONTEXT;
      trib_retry_next(client);
      return trib_fetch_more(client);
    case TRIB_PHASE_REQUESTING:
      trib_retry_next(client);
      return trib_send_request(client);
    case TRIB_PHASE_COMMITTING:
      return trib_commit_turn(client);
    case TRIB_PHASE_IDLE:
    case TRIB_PHASE_TRAINING:
    case TRIB_PHASE_UPLOADING:
      break;
  }
  return TRIB_OK;
}

static uint32_t wait_until_retry(const trib_client* client) {
  const uint64_t now = client->port.monotonic_ms(client->port.user);
  if (client->retry_at_ms <= now) return 0;
  return client->retry_at_ms - now > UINT32_MAX - 1 ? UINT32_MAX - 1
                                                    : (uint32_t)(client->retry_at_ms - now);
}

/* A vector is made and waits for the hours in which it may leave. */
static bool upload_waits(const trib_client* client) {
  return client->phase >= TRIB_PHASE_REQUESTING && trib_upload_held(client);
}

/* Phases in which the next turn may make a chunk. */
static bool makes_chunks(const trib_client* client) {
  return client->phase == TRIB_PHASE_UPLOADING || client->phase == TRIB_PHASE_COMMITTING;
}

static trib_status round_turn(trib_client* client, uint32_t* wait_ms) {
  trib_status status = TRIB_OK;
  *wait_ms = UINT32_MAX;
  if (client->phase == TRIB_PHASE_IDLE) return TRIB_OK;
  if (trib_has_round(client) && round_is_over(client)) {
    trib_log(client, TRIB_LOG_INFO, "deadline passed, round", client->round.terms.round);
    return trib_round_end(client);
  }
  if (upload_waits(client)) {
    *wait_ms = trib_first_wait(client) * TRIB_RETRY_GROWTH;
    return TRIB_OK;
  }
  if (client->phase == TRIB_PHASE_TRAINING) {
    status = trib_train_turn(client);
  } else if (makes_chunks(client) && trib_seeds_missing(client)) {
    status = trib_seeds_turn(client);
    if (status == TRIB_OK) {
      *wait_ms = 0;
      return TRIB_OK;
    }
  } else if (client->phase == TRIB_PHASE_UPLOADING) {
    status = trib_upload_turn(client);
  } else if (wait_until_retry(client) == 0) {
    status = repeat(client);
  }
  if (status == TRIB_NOT_CONNECTED || status == TRIB_STORAGE) {
    trib_retry_next(client);
    *wait_ms = client->phase == TRIB_PHASE_IDLE ? UINT32_MAX : client->retry_wait_ms;
    return status == TRIB_STORAGE ? TRIB_STORAGE : TRIB_OK;
  }
  /* Keys of the round that are gone do not come back. */
  if (status != TRIB_OK && trib_has_round(client)) return trib_round_give_up(client, status);
  if (client->phase == TRIB_PHASE_TRAINING || client->phase == TRIB_PHASE_UPLOADING) {
    *wait_ms = 0;
  } else if (client->phase != TRIB_PHASE_IDLE) {
    *wait_ms = wait_until_retry(client);
  }
  return status;
}

static void sooner(uint32_t* wait_ms, uint32_t wait) {
  if (wait < *wait_ms) *wait_ms = wait;
}

trib_status trib_client_turn(trib_client* client, uint32_t* wait_ms) {
  uint32_t wait = UINT32_MAX;
  trib_status status;
  trib_status beside;
  *wait_ms = UINT32_MAX;
  if (trib_client_decommissioned(client)) return TRIB_NOT_FOUND;
  status = round_turn(client, wait_ms);
  beside = trib_pairs_turn(client, &wait);
  sooner(wait_ms, wait);
  if (status == TRIB_OK) status = beside;
  beside = trib_steering_turn(client, status, &wait);
  sooner(wait_ms, wait);
  return status == TRIB_OK ? beside : status;
}

trib_phase trib_client_phase(const trib_client* client) {
  return client->phase;
}

void trib_client_context_hash(const trib_client* client, unsigned char out[TRIB_HASH_BYTES]) {
  memset(out, 0, TRIB_HASH_BYTES);
  if (trib_has_round(client)) memcpy(out, client->round.terms.ctx_hash, TRIB_HASH_BYTES);
}

void trib_client_mqtt_identity(const trib_client* client, char id[33],
                               unsigned char psk[TRIB_KEY_BYTES]) {
  tributary_v1_DeviceIdentity identity;
  trib_hex(id, client->device_id, TRIB_ID_BYTES);
  memset(psk, 0, TRIB_KEY_BYTES);
  if (trib_load_identity(client, &identity) == TRIB_OK) {
    memcpy(psk, identity.mqtt_psk, TRIB_KEY_BYTES);
  }
  client->port.crypto->wipe(&identity, sizeof identity);
}
