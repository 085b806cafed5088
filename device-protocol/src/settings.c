/* Settings: read and judged; what they make of conditions and of a round's terms. PROTOCOL.md 11. */
#include <math.h>
#include <pb_decode.h>
#include <string.h>

#include "device-protocol/src/identity.h"
#include "device-protocol/src/steering.h"

enum { MINUTES_OF_DAY = 1440, FULL = 100 };

static void conditions_of(const trib_client* client, trib_conditions* out) {
  const trib_steering* steering = client->options.steering;
  memset(out, 0, sizeof *out);
  if (steering->conditions) steering->conditions(client->port.user, out);
}

static bool within(float value, float most) {
  return isfinite(value) && value >= 0.0F && value <= most;
}

/* The number of the first field that is out of range; 0: none is. */
static uint32_t out_of_range(const tributary_v1_Settings* s) {
  if (s->participation_window.from >= MINUTES_OF_DAY ||
      s->participation_window.until >= MINUTES_OF_DAY) {
    return tributary_v1_Settings_participation_window_tag;
  }
  if (s->upload_window.from >= MINUTES_OF_DAY || s->upload_window.until >= MINUTES_OF_DAY) {
    return tributary_v1_Settings_upload_window_tag;
  }
  if (s->min_battery > FULL) return tributary_v1_Settings_min_battery_tag;
  if (s->min_link > FULL) return tributary_v1_Settings_min_link_tag;
  if (s->min_examples > 1000000000) return tributary_v1_Settings_min_examples_tag;
  if (s->local_steps > 1000000) return tributary_v1_Settings_local_steps_tag;
  if (s->batch_size > 65536) return tributary_v1_Settings_batch_size_tag;
  if (!within(s->learning_rate, 1000.0F)) return tributary_v1_Settings_learning_rate_tag;
  if (!within(s->clip, 1000000.0F)) return tributary_v1_Settings_clip_tag;
  if (!within(s->local_noise, 1000.0F)) return tributary_v1_Settings_local_noise_tag;
  if (s->chunk_size != 0 && (s->chunk_size < 48 || s->chunk_size > 262128)) {
    return tributary_v1_Settings_chunk_size_tag;
  }
  return (uint32_t)s->log_level > tributary_v1_LogLevel_LOG_LEVEL_NONE
             ? tributary_v1_Settings_log_level_tag
             : 0;
}

/* The number of the first field that asks for what this device cannot measure; 0: none does. */
static uint32_t unsupported(const trib_client* client, const tributary_v1_Settings* s) {
  trib_conditions now;
  conditions_of(client, &now);
  if (s->min_battery > 0 && !now.battery_known) return tributary_v1_Settings_min_battery_tag;
  if (s->min_link > 0 && !now.link_known) return tributary_v1_Settings_min_link_tag;
  return s->mains_only && !now.power_known ? tributary_v1_Settings_mains_only_tag : 0;
}

static void copy_settings(trib_settings* out, const tributary_v1_Settings* s) {
  memcpy(out->device_id, s->device_id, TRIB_ID_BYTES);
  out->version = s->version;
  out->participate_from = s->participation_window.from;
  out->participate_until = s->participation_window.until;
  out->upload_from = s->upload_window.from;
  out->upload_until = s->upload_window.until;
  out->min_battery = s->min_battery;
  out->min_link = s->min_link;
  out->min_examples = s->min_examples;
  out->local_steps = s->local_steps;
  out->batch_size = s->batch_size;
  out->chunk_size = s->chunk_size;
  out->log_level = (uint32_t)s->log_level;
  out->forget = s->forget;
  out->learning_rate = s->learning_rate;
  out->clip = s->clip;
  out->local_noise = s->local_noise;
  out->pause = s->pause;
  out->mains_only = s->mains_only;
  out->decommission = s->decommission;
}

/* The body of a message that the own gateway signed. */
static trib_status verified(const trib_client* client, tributary_v1_Signed* message,
                            const unsigned char* payload, size_t size) {
  const trib_party* gateway = trib_own_gateway(client);
  pb_istream_t stream = pb_istream_from_buffer(payload, size);
  if (!pb_decode(&stream, tributary_v1_Signed_fields, message)) return TRIB_MALFORMED;
  if (!gateway) return TRIB_BAD_CONTEXT; /* asked for again when its key is here */
  return trib_verify_body(client->port.crypto, "settings", message->body.bytes, message->body.size,
                          message->signature, gateway->verify_key);
}

trib_status trib_read_settings(const trib_client* client, const unsigned char* payload, size_t size,
                               trib_settings* out, uint32_t* field,
                               tributary_v1_SettingsFault* reason) {
  tributary_v1_Signed message = tributary_v1_Signed_init_zero;
  tributary_v1_Settings settings = tributary_v1_Settings_init_zero;
  pb_istream_t stream;
  const trib_status status = verified(client, &message, payload, size);
  memset(out, 0, sizeof *out);
  *field = 0;
  if (status != TRIB_OK) return status;
  stream = pb_istream_from_buffer(message.body.bytes, message.body.size);
  if (!pb_decode(&stream, tributary_v1_Settings_fields, &settings)) return TRIB_MALFORMED;
  if (memcmp(settings.device_id, client->device_id, TRIB_ID_BYTES) != 0) return TRIB_BAD_CONTEXT;
  copy_settings(out, &settings);
  *reason = tributary_v1_SettingsFault_SETTINGS_OUT_OF_RANGE;
  *field = out_of_range(&settings);
  if (*field != 0) return TRIB_REFUSED;
  *reason = tributary_v1_SettingsFault_SETTINGS_UNSUPPORTED;
  *field = unsupported(client, &settings);
  return *field != 0 ? TRIB_REFUSED : TRIB_OK;
}

/* Nobody is inside a window who does not know the time. */
static bool inside(const trib_client* client, uint32_t from, uint32_t until) {
  const uint64_t now = client->port.unix_seconds(client->port.user);
  const uint32_t minute = (uint32_t)(now / 60 % MINUTES_OF_DAY);
  if (from == until) return true;
  if (now == 0) return false;
  return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

tributary_v1_HeldBack trib_held_back(const trib_client* client) {
  const trib_steering_state* steering = trib_steering_of(client);
  const trib_settings* settings;
  trib_conditions now;
  if (!steering) return tributary_v1_HeldBack_HELD_BACK_NONE;
  settings = &steering->settings;
  conditions_of(client, &now);
  if (settings->pause) return tributary_v1_HeldBack_HELD_BACK_PAUSED;
  if (!inside(client, settings->participate_from, settings->participate_until)) {
    return tributary_v1_HeldBack_HELD_BACK_WINDOW;
  }
  if (settings->mains_only && !now.on_mains) return tributary_v1_HeldBack_HELD_BACK_MAINS;
  if (now.battery < settings->min_battery) return tributary_v1_HeldBack_HELD_BACK_BATTERY;
  if (now.link < settings->min_link) return tributary_v1_HeldBack_HELD_BACK_LINK;
  return client->trainer.examples < settings->min_examples ? tributary_v1_HeldBack_HELD_BACK_DATA
                                                           : tributary_v1_HeldBack_HELD_BACK_NONE;
}

bool trib_upload_held(const trib_client* client) {
  const trib_steering_state* steering = trib_steering_of(client);
  return steering &&
         !inside(client, steering->settings.upload_from, steering->settings.upload_until);
}

static uint32_t at_most(uint32_t value, uint32_t limit) {
  return limit > 0 && limit < value ? limit : value;
}

trib_status trib_steer_terms(const trib_client* client, trib_terms* terms) {
  const trib_steering_state* steering = trib_steering_of(client);
  const trib_settings* settings;
  if (!steering) return TRIB_OK;
  settings = &steering->settings;
  if (trib_held_back(client) != tributary_v1_HeldBack_HELD_BACK_NONE) return TRIB_HELD_BACK;
  if (settings->chunk_size > 0 && terms->chunk_bytes > settings->chunk_size) {
    return TRIB_BAD_CONTEXT;
  }
  if (settings->local_noise > terms->dp_noise) {
    if (terms->clipping_norm <= 0.0F) return TRIB_BAD_CONTEXT;
    terms->dp_noise = settings->local_noise;
  }
  terms->local_steps = at_most(terms->local_steps, settings->local_steps);
  terms->batch_size = at_most(terms->batch_size, settings->batch_size);
  if (settings->learning_rate > 0.0F && settings->learning_rate < terms->learning_rate) {
    terms->learning_rate = settings->learning_rate;
  }
  return TRIB_OK;
}
