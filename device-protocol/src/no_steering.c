/* In place of settings.c and steering.c, for a device that is not configured by topic: as if its caller had given no
 * trib_client_options.steering. */
#include "device-protocol/src/steering.h"

trib_steering_state* trib_steering_of(const trib_client* client) {
  (void)client;
  return NULL;
}

tributary_v1_HeldBack trib_held_back(const trib_client* client) {
  (void)client;
  return (tributary_v1_HeldBack)0;
}

bool trib_upload_held(const trib_client* client) {
  (void)client;
  return false;
}

trib_status trib_steer_terms(const trib_client* client, trib_terms* terms) {
  (void)client;
  (void)terms;
  return TRIB_OK;
}

trib_status trib_steering_start(trib_client* client) {
  (void)client;
  return TRIB_OK;
}

trib_status trib_steering_connected(trib_client* client) {
  (void)client;
  return TRIB_OK;
}

trib_status trib_on_settings(trib_client* client, const unsigned char* payload, size_t size) {
  (void)client;
  (void)payload;
  (void)size;
  return TRIB_MALFORMED;
}

trib_status trib_steering_turn(trib_client* client, trib_status worked, uint32_t* wait_ms) {
  (void)client;
  (void)worked;
  *wait_ms = UINT32_MAX;
  return TRIB_OK;
}

bool trib_client_decommissioned(const trib_client* client) {
  (void)client;
  return false;
}
