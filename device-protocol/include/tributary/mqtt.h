/* A sans-I/O MQTT 3.1.1 client codec (OASIS MQTT 3.1.1): packets into the caller's buffer, packets
 * out of arbitrary fragments. Independent of the rest of the library. */
#ifndef TRIBUTARY_MQTT_H
#define TRIBUTARY_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tributary/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Encoders return the packet's size, or 0 when it does not fit `capacity` or a string is longer
 * than 65,535 bytes. Strings end with 0. packet_id is never 0 at QoS 1. */
size_t trib_mqtt_connect(unsigned char* out, size_t capacity, const char* client_id,
                         const char* user_name, uint16_t keep_alive_seconds);
/* The same with a last will, retained at QoS 1. */
size_t trib_mqtt_connect_will(unsigned char* out, size_t capacity, const char* client_id,
                              const char* user_name, uint16_t keep_alive_seconds,
                              const char* will_topic, const unsigned char* will, size_t will_size);
/* Everything of a PUBLISH before the payload; send the payload right behind it.
 * packet_id 0: QoS 0, else QoS 1. Not retained, unless TRIB_MQTT_RETAIN is set in its first byte. */
enum { TRIB_MQTT_RETAIN = 1 };
size_t trib_mqtt_publish_head(unsigned char* out, size_t capacity, const char* topic,
                              size_t payload_size, uint16_t packet_id);
size_t trib_mqtt_subscribe(unsigned char* out, size_t capacity, const char* filter,
                           uint16_t packet_id); /* QoS 1 */
size_t trib_mqtt_unsubscribe(unsigned char* out, size_t capacity, const char* filter,
                             uint16_t packet_id);
size_t trib_mqtt_puback(unsigned char* out, size_t capacity, uint16_t packet_id);
size_t trib_mqtt_pingreq(unsigned char* out, size_t capacity);
size_t trib_mqtt_disconnect(unsigned char* out, size_t capacity);
/* CONNECT with a password, where TLS has not proved who this is. */
size_t trib_mqtt_connect_password(unsigned char* out, size_t capacity, const char* client_id,
                                  const char* user_name, const char* password,
                                  uint16_t keep_alive_seconds);

typedef enum trib_mqtt_type {
  TRIB_MQTT_CONNACK = 2,
  TRIB_MQTT_PUBLISH = 3,
  TRIB_MQTT_PUBACK = 4,
  TRIB_MQTT_SUBACK = 9,
  TRIB_MQTT_UNSUBACK = 11,
  TRIB_MQTT_PINGRESP = 13
} trib_mqtt_type;

/* A received packet; topic and payload point into the reader's buffer until the next feed. */
typedef struct trib_mqtt_packet {
  trib_mqtt_type type;
  uint16_t packet_id; /* PUBLISH at QoS 1, and acknowledgements; else 0 */
  uint8_t code;       /* CONNACK return code, SUBACK result of the one filter; else 0 */
  bool retained;      /* PUBLISH */
  const char* topic;  /* PUBLISH: not ended by 0 */
  size_t topic_size;
  const unsigned char* payload;
  size_t payload_size;
} trib_mqtt_packet;

/* `buffer` holds the body of one packet: its capacity is the largest packet accepted. */
typedef struct trib_mqtt_reader {
  unsigned char* buffer;
  size_t capacity;
  size_t body_size; /* of the packet being read, known once length_done */
  size_t have;      /* bytes of the body in buffer */
  uint8_t first;    /* type and flags */
  uint8_t length_bytes;
  uint8_t stage; /* 0: first byte, 1: length, 2: body */
} trib_mqtt_reader;

void trib_mqtt_reader_init(trib_mqtt_reader* reader, unsigned char* buffer, size_t capacity);

/* Takes bytes until a packet is complete; `*used` of them were taken: call again with the rest.
 * TRIB_OK: `*packet` is complete. TRIB_NOT_FOUND: all bytes were taken, more are needed.
 * TRIB_MALFORMED or TRIB_NO_SPACE (larger than capacity): close the connection. */
trib_status trib_mqtt_feed(trib_mqtt_reader* reader, const unsigned char* bytes, size_t size,
                           size_t* used, trib_mqtt_packet* packet);

#ifdef __cplusplus
}
#endif
#endif
