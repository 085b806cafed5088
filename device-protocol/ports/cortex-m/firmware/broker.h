/* The connection to the broker: lwIP's raw TCP below, TLS unless a password was provisioned, an MQTT session above. Connects again by itself, at first after
 * a second, at most after a minute. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_BROKER_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_BROKER_H

#include "device-protocol/ports/cortex-m/firmware/entropy.h"
#include "device-protocol/ports/cortex-m/firmware/flash_image.h"
#include "tributary/mqtt_session.h"

/* Who connects. The strings and buffer must stay. */
typedef struct trib_broker_login {
  const char* identity;
  unsigned char psk[TRIB_KEY_BYTES];
  trib_entropy* entropy;
  unsigned char* buffer; /* for one packet */
  size_t capacity;
} trib_broker_login;

/* Starts the network and the first attempt. One per device: lwIP is global. TRIB_CRYPTO: no memory for TLS. */
trib_status trib_broker_start(const trib_provisioning* provisioning,
                              const trib_broker_login* login);
/* Moves frames and bytes; says what has happened, at most one thing a call. */
trib_mqtt_event trib_broker_next(void);
/* Bytes or frames wait: no time to sleep. */
bool trib_broker_busy(void);
/* For publishing; also holds the last message's topic and payload. */
trib_mqtt_session* trib_broker_session(void);

#endif
