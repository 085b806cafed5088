/* How a device with a claim becomes one with an identity, PROTOCOL.md 12. Before a client is started: when
 * trib_client_start says TRIB_NOT_FOUND and there is a claim. Sans I/O like the client, on the same port. */
#ifndef TRIBUTARY_ENROL_H
#define TRIBUTARY_ENROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Owned by the caller, one at a time; secrets in it are wiped when it is done. */
typedef struct trib_enrolment {
  trib_port port;
  /* RFC 8032: the public key of a seed. Only enrolment needs it, so it is not in the crypto port. */
  void (*public_key_of)(unsigned char public_key[TRIB_KEY_BYTES],
                        const unsigned char seed[TRIB_KEY_BYTES]);
  unsigned char device_id[TRIB_ID_BYTES];
  uint64_t say_at_ms;
  uint32_t wait_ms;
  bool connected;
  bool done;
  bool refused;
} trib_enrolment;

enum { TRIB_CLAIM_USER_BYTES = 39 }; /* "claim-", 32 hex digits, the final 0 */

/* Loads the claim; draws and saves the identity seed unless there is one. TRIB_NOT_FOUND: no claim, or a
 * device that is enrolled already. */
trib_status trib_enrol_start(trib_enrolment* enrolment, const trib_port* port,
                             void (*public_key_of)(unsigned char public_key[TRIB_KEY_BYTES],
                                                   const unsigned char seed[TRIB_KEY_BYTES]));

/* User name, client id and PSK identity of the session, and its key. */
trib_status trib_enrol_mqtt_identity(const trib_enrolment* enrolment,
                                     char user[TRIB_CLAIM_USER_BYTES],
                                     unsigned char psk[TRIB_KEY_BYTES]);

/* The session is up (again). */
trib_status trib_enrol_connected(trib_enrolment* enrolment);

/* TRIB_REFUSED: the gateway does not take this claim; the device goes on asking, rarely. */
trib_status trib_enrol_message(trib_enrolment* enrolment, const char* topic, const void* payload,
                               size_t size);

/* Repeats the claim when it is time. `*wait_ms`: until the next turn. */
trib_status trib_enrol_turn(trib_enrolment* enrolment, uint32_t* wait_ms);

/* The identity is saved and the claim erased: disconnect, and start a client. */
bool trib_enrol_done(const trib_enrolment* enrolment);

#ifdef __cplusplus
}
#endif
#endif
