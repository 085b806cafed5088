/* One MQTT 3.1.1 session of a device without I/O: connects, keeps alive, acknowledges. The caller moves
 * bytes (TCP, TLS) and opens a new session when one ends; what the broker has not said is asked for
 * again by the library above (PROTOCOL.md 7.5), so nothing is queued or repeated here. */
#ifndef TRIBUTARY_MQTT_SESSION_H
#define TRIBUTARY_MQTT_SESSION_H

#include "tributary/mqtt.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct trib_mqtt_transport {
  void* user;
  /* Sends or copies all of head, then body, or nothing. TRIB_NOT_CONNECTED: not now. When a part
   * has left and the rest cannot follow, the transport closes its connection. */
  trib_status (*send)(void* user, const void* head, size_t head_size, const void* body,
                      size_t body_size);
  uint64_t (*monotonic_ms)(void* user);
} trib_mqtt_transport;

typedef enum trib_mqtt_event {
  TRIB_MQTT_NOTHING, /* all bytes were taken, or a packet that needs no one's attention */
  TRIB_MQTT_UP,      /* the broker accepts the session */
  TRIB_MQTT_MESSAGE  /* session->topic, and payload and payload_size until the next call */
} trib_mqtt_event;

enum { TRIB_MQTT_TOPIC_BYTES = 160 };

/* The caller's memory; members are read only, and topic and payload valid as the event says. */
typedef struct trib_mqtt_session {
  trib_mqtt_transport transport;
  const char* identity; /* client id and user name */
  const char* password; /* NULL: none */
  trib_mqtt_reader reader;
  bool opened;
  bool up;
  uint8_t refusal; /* CONNACK return code, when the broker refused the session */
  uint16_t last_id;
  uint64_t spoke_ms;
  uint64_t heard_ms;
  char topic[TRIB_MQTT_TOPIC_BYTES];
  const unsigned char* payload;
  size_t payload_size;
} trib_mqtt_session;

/* `buffer` bounds the packets that are accepted. The strings and the buffer must outlive the session. */
void trib_mqtt_session_init(trib_mqtt_session* session, const trib_mqtt_transport* transport,
                            const char* identity, const char* password, unsigned char* buffer,
                            size_t capacity);

/* The connection stands: says CONNECT. */
trib_status trib_mqtt_session_open(trib_mqtt_session* session);
void trib_mqtt_session_close(trib_mqtt_session* session);

/* Takes bytes until something happens; `*used` of them were taken: call again with the rest.
 * TRIB_OK, or close the connection: TRIB_MALFORMED, TRIB_NO_SPACE, TRIB_NOT_CONNECTED (refused). */
trib_status trib_mqtt_session_feed(trib_mqtt_session* session, const unsigned char* bytes,
                                   size_t size, size_t* used, trib_mqtt_event* event);

/* To be called at least every few seconds. TRIB_NOT_CONNECTED: the broker is silent, close. */
trib_status trib_mqtt_session_turn(trib_mqtt_session* session);

/* The network functions of trib_port. */
trib_status trib_mqtt_session_publish(trib_mqtt_session* session, const char* topic,
                                      const void* payload, size_t size);
trib_status trib_mqtt_session_subscribe(trib_mqtt_session* session, const char* filter);
trib_status trib_mqtt_session_unsubscribe(trib_mqtt_session* session, const char* filter);

#ifdef __cplusplus
}
#endif
#endif
