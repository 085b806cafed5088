/* The connection to the broker: lwIP's raw TCP below, an MQTT session above. Connects again by itself, at first after
 * a second, at most after a minute. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_BROKER_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_BROKER_H

#include "device-protocol/ports/cortex-m/firmware/flash_image.h"
#include "tributary/mqtt_session.h"

/* Starts the network and the first attempt. One per device: lwIP is global. The strings and buffer must stay. */
void trib_broker_start(const trib_provisioning* provisioning, const char* identity,
                       unsigned char* buffer, size_t capacity);
/* Moves frames and bytes; says what has happened, at most one thing a call. */
trib_mqtt_event trib_broker_next(void);
/* Bytes or frames wait: no time to sleep. */
bool trib_broker_busy(void);
/* For publishing; also holds the last message's topic and payload. */
trib_mqtt_session* trib_broker_session(void);

#endif
