/* Settings taken in, kept, applied and reported; birth, states and last will. PROTOCOL.md 11. */
#include "device-protocol/src/steering.h"

#include <pb_encode.h>
#include <string.h>

#include "tributary/client.h"

typedef char
    trib_steering_fits[sizeof(trib_steering_state) <= sizeof(((trib_steering*)0)->own) ? 1 : -1];
enum { LOOK_EVERY = 30 }; /* times the first wait: a minute */

trib_steering_state* trib_steering_of(const trib_client* client) {
  trib_steering* steering = client->options.steering;
  return steering ? (trib_steering_state*)(void*)steering->own : NULL;
}

static trib_status save(trib_client* client, const trib_settings* settings) {
  return trib_record_save(client, TRIB_RECORD_SETTINGS, settings, sizeof *settings, NULL, 0);
}

/* Everything but the settings, the identity last: until it is gone a reset goes on here. */
static trib_status erase_all(trib_client* client) {
  static const trib_record records[] = {
      TRIB_RECORD_ROUND,     TRIB_RECORD_WEIGHTS,   TRIB_RECORD_RESIDUAL, TRIB_RECORD_PERSONAL,
      TRIB_RECORD_GROUP,     TRIB_RECORD_CHAIN,     TRIB_RECORD_VOW,      TRIB_RECORD_REVEAL,
      TRIB_RECORD_MASK_KEYS, TRIB_RECORD_ENROLMENT, TRIB_RECORD_CLAIM,    TRIB_RECORD_COUNTERS,
      TRIB_RECORD_EPOCH,     TRIB_RECORD_IDENTITY};
  for (size_t i = 0; i < sizeof records / sizeof records[0]; ++i) {
    if (client->port.storage.erase(client->port.user, records[i]) != TRIB_OK) return TRIB_STORAGE;
  }
  return TRIB_OK;
}

static trib_status end(trib_client* client) {
  const trib_status status = erase_all(client);
  if (status != TRIB_OK) return status;
  client->port.crypto->wipe(&client->epoch, sizeof client->epoch);
  client->port.crypto->wipe(&client->round, sizeof client->round);
  client->port.crypto->wipe(&client->progress, sizeof client->progress);
  client->port.crypto->wipe(client->memory.weights,
                            (size_t)client->memory.parameters * sizeof(float));
  client->phase = TRIB_PHASE_JOINING;
  trib_steering_of(client)->ended = true;
  return TRIB_OK;
}

/* What was learned goes; counters, keys and odometer stay. Saved when it is done. */
static trib_status forget(trib_client* client) {
  trib_settings* settings = &trib_steering_of(client)->settings;
  const trib_storage_port* storage = &client->port.storage;
  trib_settings done = *settings;
  trib_status status = TRIB_OK;
  if (settings->forget <= settings->forgotten) return TRIB_OK;
  if (trib_has_round(client)) status = trib_round_give_up(client, TRIB_OK);
  if (status == TRIB_OK) status = storage->erase(client->port.user, TRIB_RECORD_ROUND);
  if (status == TRIB_OK) status = storage->erase(client->port.user, TRIB_RECORD_WEIGHTS);
  if (status == TRIB_OK) status = storage->erase(client->port.user, TRIB_RECORD_RESIDUAL);
  if (status == TRIB_OK) status = storage->erase(client->port.user, TRIB_RECORD_PERSONAL);
  done.forgotten = settings->forget;
  if (status == TRIB_OK) status = save(client, &done);
  if (status != TRIB_OK) return TRIB_STORAGE;
  *settings = done;
  return TRIB_OK;
}

static bool drawn(const trib_steering_state* steering) {
  static const unsigned char none[8] = {0};
  return memcmp(steering->boot_id, none, sizeof none) != 0;
}

trib_status trib_steering_start(trib_client* client) {
  trib_steering_state* steering = trib_steering_of(client);
  trib_settings loaded;
  trib_status status;
  if (!steering) return TRIB_OK;
  steering->ended = false;
  steering->look_at_ms = 0;
  if (!drawn(steering) && client->port.random(client->port.user, steering->boot_id,
                                              sizeof steering->boot_id) != TRIB_OK) {
    return TRIB_CRYPTO;
  }
  status = trib_record_load(client, TRIB_RECORD_SETTINGS, &loaded, sizeof loaded);
  if (status != TRIB_OK && status != TRIB_NOT_FOUND) return status;
  memset(&steering->settings, 0, sizeof steering->settings);
  if (status == TRIB_NOT_FOUND || memcmp(loaded.device_id, client->device_id, TRIB_ID_BYTES) != 0) {
    return TRIB_OK;
  }
  steering->settings = loaded;
  if (!loaded.decommission) return TRIB_OK;
  status = end(client);
  return status == TRIB_OK ? TRIB_NOT_FOUND : status;
}

/* ---- what is said */

static size_t encode_state(const trib_client* client, unsigned char* out, size_t capacity,
                           tributary_v1_LifeState state) {
  const trib_steering_state* steering = trib_steering_of(client);
  tributary_v1_DeviceState message = tributary_v1_DeviceState_init_zero;
  pb_ostream_t stream = pb_ostream_from_buffer(out, capacity);
  message.state = state;
  memcpy(message.boot_id, steering->boot_id, sizeof steering->boot_id);
  message.session = steering->session;
  if (state != tributary_v1_LifeState_LIFE_LOST) {
    message.held_back = trib_held_back(client);
    if (client->options.firmware) {
      strncpy(message.firmware, client->options.firmware, sizeof message.firmware - 1);
    }
  }
  return pb_encode(&stream, tributary_v1_DeviceState_fields, &message) ? stream.bytes_written : 0;
}

static trib_status announce(trib_client* client, tributary_v1_LifeState state) {
  const trib_steering* port = client->options.steering;
  trib_steering_state* steering = trib_steering_of(client);
  unsigned char payload[tributary_v1_DeviceState_size];
  char topic[TRIB_TOPIC_BYTES];
  const uint32_t held = (uint32_t)trib_held_back(client);
  const size_t size = encode_state(client, payload, sizeof payload, state);
  trib_status status;
  if (!port->publish_retained) return TRIB_OK;
  trib_device_topic(client, topic, "/up/state");
  status = port->publish_retained(client->port.user, topic, payload, size);
  if (status != TRIB_OK) return status;
  steering->told_state = (uint32_t)state;
  steering->told_held = held;
  return TRIB_OK;
}

static trib_status report(trib_client* client) {
  trib_steering_state* steering = trib_steering_of(client);
  tributary_v1_SettingsReport message = tributary_v1_SettingsReport_init_zero;
  trib_status status;
  message.version = steering->settings.version;
  memcpy(message.boot_id, steering->boot_id, sizeof steering->boot_id);
  message.rejected_version = steering->rejected_version;
  message.rejected_field = steering->rejected_field;
  message.reason = (tributary_v1_SettingsFault)steering->reason;
  status = trib_send_message(client, "/up/settings", tributary_v1_SettingsReport_fields, &message);
  if (status == TRIB_OK) steering->report_due = false;
  return status;
}

static tributary_v1_LifeState life(const trib_client* client, trib_status worked) {
  if (worked == TRIB_STORAGE) return tributary_v1_LifeState_LIFE_ALERT;
  return trib_joined(client) ? tributary_v1_LifeState_LIFE_READY : tributary_v1_LifeState_LIFE_INIT;
}

trib_status trib_steering_connected(trib_client* client) {
  trib_steering_state* steering = trib_steering_of(client);
  if (!steering) return TRIB_OK;
  steering->told_state = 0;
  steering->look_at_ms = 0;
  steering->report_due = steering->settings.version > 0 || steering->rejected_version > 0;
  (void)announce(client, life(client, TRIB_OK)); /* the birth; a turn tries again */
  return TRIB_OK;
}

/* ---- what is heard */

static trib_status reject(trib_client* client, uint64_t version, uint32_t field,
                          tributary_v1_SettingsFault reason) {
  trib_steering_state* steering = trib_steering_of(client);
  steering->rejected_version = version;
  steering->rejected_field = field;
  steering->reason = (uint32_t)reason;
  steering->report_due = true;
  trib_log(client, TRIB_LOG_WARNING, "settings refused, field", field);
  return TRIB_REFUSED;
}

/* What is in force and not done yet, also after a reset. A vector that was made is paid for; what is not
 * made yet need not be. */
static trib_status carry_out(trib_client* client) {
  const trib_settings* settings = &trib_steering_of(client)->settings;
  const trib_status status = forget(client);
  if (status == TRIB_OK && settings->pause && trib_has_round(client) && !client->round.has_nonce) {
    return trib_round_end(client);
  }
  return status;
}

/* Saved, then in force. */
static trib_status accept(trib_client* client, trib_settings* fresh) {
  trib_steering_state* steering = trib_steering_of(client);
  trib_status status;
  fresh->forgotten = steering->settings.forgotten;
  status = save(client, fresh);
  if (status != TRIB_OK) return status;
  steering->settings = *fresh;
  steering->rejected_version = 0;
  steering->rejected_field = 0;
  steering->reason = 0;
  steering->report_due = true;
  steering->look_at_ms = 0;
  trib_log(client, TRIB_LOG_INFO, "settings in force, version", fresh->version);
  if (fresh->decommission) {
    (void)announce(client, tributary_v1_LifeState_LIFE_DECOMMISSIONED);
    return end(client);
  }
  return carry_out(client);
}

trib_status trib_on_settings(trib_client* client, const unsigned char* payload, size_t size) {
  trib_steering_state* steering = trib_steering_of(client);
  trib_settings fresh;
  tributary_v1_SettingsFault reason;
  uint32_t field;
  trib_status status;
  if (!steering || size == 0) return TRIB_OK;
  status = trib_read_settings(client, payload, size, &fresh, &field, &reason);
  if (status != TRIB_OK && status != TRIB_REFUSED) return status;
  steering->report_due = true;
  if (fresh.version <= steering->settings.version) {
    return fresh.version == steering->settings.version ? TRIB_OK : TRIB_STALE;
  }
  if (status == TRIB_REFUSED) return reject(client, fresh.version, field, reason);
  return accept(client, &fresh);
}

/* Windows and conditions change without a word. */
static bool looks_around(const trib_settings* settings) {
  return settings->participate_from != settings->participate_until || settings->min_battery > 0 ||
         settings->min_link > 0 || settings->mains_only;
}

static uint32_t until_look(const trib_client* client, const trib_steering_state* steering) {
  const uint64_t now = client->port.monotonic_ms(client->port.user);
  return steering->look_at_ms > now ? (uint32_t)(steering->look_at_ms - now) : 0;
}

/* Offers that were passed over while something held the device back are retained. */
static trib_status look(trib_client* client, trib_status worked) {
  trib_steering_state* steering = trib_steering_of(client);
  const uint32_t held = (uint32_t)trib_held_back(client);
  const bool freed = steering->was_held != 0 && held == 0;
  const tributary_v1_LifeState state = life(client, worked);
  trib_status status = TRIB_OK;
  if (steering->told_held != held || steering->told_state != (uint32_t)state) {
    status = announce(client, state);
  }
  if (freed && status == TRIB_OK) {
    status = client->port.subscribe(client->port.user, "tributary/v1/site/offer/+");
  }
  if (status == TRIB_OK) steering->was_held = held;
  return status;
}

trib_status trib_steering_turn(trib_client* client, trib_status worked, uint32_t* wait_ms) {
  trib_steering_state* steering = trib_steering_of(client);
  trib_status status = TRIB_OK;
  *wait_ms = UINT32_MAX;
  if (!steering) return TRIB_OK;
  status = carry_out(client);
  if (status == TRIB_OK && !client->connected) return TRIB_OK;
  if (status == TRIB_OK) status = look(client, worked);
  if (status == TRIB_OK && steering->report_due) status = report(client);
  if (looks_around(&steering->settings) && until_look(client, steering) == 0) {
    steering->look_at_ms = client->port.monotonic_ms(client->port.user) +
                           (uint64_t)trib_first_wait(client) * LOOK_EVERY;
  }
  if (status != TRIB_OK) {
    *wait_ms = trib_first_wait(client);
  } else if (looks_around(&steering->settings)) {
    *wait_ms = until_look(client, steering);
  }
  return status == TRIB_NOT_CONNECTED ? TRIB_OK : status;
}

/* ---- for the caller */

trib_status trib_client_will(trib_client* client, char topic[TRIB_WILL_TOPIC_BYTES],
                             unsigned char payload[TRIB_WILL_BYTES], size_t* size) {
  trib_steering_state* steering = trib_steering_of(client);
  *size = 0;
  if (!steering) return TRIB_OK;
  steering->session += 1;
  trib_device_topic(client, topic, "/up/state");
  *size = encode_state(client, payload, TRIB_WILL_BYTES, tributary_v1_LifeState_LIFE_LOST);
  return *size > 0 ? TRIB_OK : TRIB_NO_SPACE;
}

trib_status trib_client_leaving(trib_client* client, bool to_sleep) {
  client->connected = false;
  if (!trib_steering_of(client)) return TRIB_OK;
  return announce(client, to_sleep ? tributary_v1_LifeState_LIFE_SLEEPING
                                   : tributary_v1_LifeState_LIFE_DISCONNECTED);
}

uint64_t trib_client_settings_version(const trib_client* client) {
  const trib_steering_state* steering = trib_steering_of(client);
  return steering ? steering->settings.version : 0;
}

bool trib_client_decommissioned(const trib_client* client) {
  const trib_steering_state* steering = trib_steering_of(client);
  return steering && steering->ended;
}
