/* The settings in force and what follows from them (PROTOCOL.md 11). */
#ifndef TRIBUTARY_SRC_STEERING_H
#define TRIBUTARY_SRC_STEERING_H

#include "device-protocol/src/client_state.h"
#include "tributary.pb.h"
#include "tributary/steering.h"

/* Record "settings". Fields as in the schema; windows in minutes. */
typedef struct trib_settings {
  unsigned char device_id[TRIB_ID_BYTES]; /* of another identity: not ours */
  uint64_t version;                       /* 0: none were ever accepted */
  uint32_t participate_from, participate_until;
  uint32_t upload_from, upload_until;
  uint32_t min_battery, min_link, min_examples;
  uint32_t local_steps, batch_size, chunk_size;
  uint32_t log_level, forget;
  float learning_rate, clip, local_noise;
  uint32_t forgotten; /* of `forget`, carried out */
  unsigned char pause, mains_only, decommission;
} trib_settings;

/* What trib_steering.own holds. */
typedef struct trib_steering_state {
  trib_settings settings;
  unsigned char boot_id[8]; /* all zero: not drawn yet */
  uint32_t session;
  uint32_t rejected_field;
  uint64_t rejected_version;
  uint64_t look_at_ms; /* when to look at the conditions again */
  uint32_t reason;     /* SettingsFault of what was rejected */
  uint32_t told_held;  /* as last announced */
  uint32_t was_held;   /* when it was last looked at */
  uint32_t told_state;
  bool report_due;
  bool ended; /* decommissioned */
} trib_steering_state;

/* NULL: the client has no steering. */
trib_steering_state* trib_steering_of(const trib_client* client);

/* ---- settings.c: pure but for the signature */

/* The settings in a message that is signed by the own gateway and meant for this device. `*field` and
 * `*reason` say what is wrong with the values when TRIB_REFUSED; `out->version` holds then too. */
trib_status trib_read_settings(const trib_client* client, const unsigned char* payload, size_t size,
                               trib_settings* out, uint32_t* field,
                               tributary_v1_SettingsFault* reason);
/* What keeps the device from beginning a round now. */
tributary_v1_HeldBack trib_held_back(const trib_client* client);
/* Whether uploads have to wait for their window. */
bool trib_upload_held(const trib_client* client);
/* Narrows the terms of an offered round. TRIB_HELD_BACK: not now. TRIB_BAD_CONTEXT: not this round. */
trib_status trib_steer_terms(const trib_client* client, trib_terms* terms);

/* ---- steering.c */
trib_status trib_steering_start(trib_client* client);
trib_status trib_steering_connected(trib_client* client);
trib_status trib_on_settings(trib_client* client, const unsigned char* payload, size_t size);
/* Announces what has changed and asks for offers again when nothing holds the device back any more.
 * `worked` is how the turn went. */
trib_status trib_steering_turn(trib_client* client, trib_status worked, uint32_t* wait_ms);

#endif
