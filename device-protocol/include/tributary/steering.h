/* Settings by topic, birth, states and last will, PROTOCOL.md 11: what a client needs besides for them.
 * A device whose trib_client_options name none runs by its rounds' terms alone. */
#ifndef TRIBUTARY_STEERING_H
#define TRIBUTARY_STEERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tributary/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct trib_client;

/* How the device is now. Settings that ask for what it does not know are refused. */
typedef struct trib_conditions {
  bool battery_known;
  bool link_known;
  bool power_known;
  bool on_mains;
  uint32_t battery; /* per cent */
  uint32_t link;    /* per cent of a good connection */
} trib_conditions;

/* Owned by the caller, who zeroes it at power-on and fills the functions; unmoved as long as a client
 * uses it. A client started anew within the same power-on goes on with the same boot id. */
typedef struct trib_steering {
  /* As trib_port.publish, with the retain flag set. NULL: the state is not announced. `user` of both
   * is the port's. */
  trib_status (*publish_retained)(void* user, const char* topic, const void* payload, size_t size);
  /* NULL: nothing is known. */
  void (*conditions)(void* user, trib_conditions* out);
  uint64_t own[26]; /* the library's */
} trib_steering;

enum { TRIB_WILL_TOPIC_BYTES = 128, TRIB_WILL_BYTES = 32 };

/* The last will of the MQTT session that is about to be opened, to be retained at QoS 1. Call it once
 * for each connection, before its CONNECT. `*size` is what of `payload` to use; 0 without steering. */
trib_status trib_client_will(struct trib_client* client, char topic[TRIB_WILL_TOPIC_BYTES],
                             unsigned char payload[TRIB_WILL_BYTES], size_t* size);

/* Before a DISCONNECT on purpose: says that the device sleeps, or leaves. */
trib_status trib_client_leaving(struct trib_client* client, bool to_sleep);

/* Version of the settings in force; 0: none. */
uint64_t trib_client_settings_version(const struct trib_client* client);

/* The device was told to decommission itself, and has erased its records: disconnect, do not start a
 * client again. Messages and turns do nothing any more. */
bool trib_client_decommissioned(const struct trib_client* client);

#ifdef __cplusplus
}
#endif
#endif
