#include <string.h>

#include "tributary/mqtt_session.h"

enum {
  KEEP_ALIVE_S = 60,
  PING_AFTER_MS = 25000,
  SILENT_AFTER_MS = 90000,
  NO_ANSWER_AFTER_MS = 20000,
  HEAD_BYTES = 256 /* of any packet before its payload: fixed header, topic, packet id */
};

void trib_mqtt_session_init(trib_mqtt_session* session, const trib_mqtt_transport* transport,
                            const char* identity, const char* password, unsigned char* buffer,
                            size_t capacity) {
  memset(session, 0, sizeof *session);
  session->transport = *transport;
  session->identity = identity;
  session->password = password;
  trib_mqtt_reader_init(&session->reader, buffer, capacity);
}

static uint64_t now_of(const trib_mqtt_session* session) {
  return session->transport.monotonic_ms(session->transport.user);
}

static trib_status say(trib_mqtt_session* session, const unsigned char* head, size_t head_size,
                       const void* body, size_t body_size) {
  trib_status status;
  if (head_size == 0) return TRIB_NO_SPACE;
  status = session->transport.send(session->transport.user, head, head_size, body, body_size);
  if (status == TRIB_OK) session->spoke_ms = now_of(session);
  return status;
}

trib_status trib_mqtt_session_open(trib_mqtt_session* session) {
  unsigned char head[HEAD_BYTES];
  size_t size;
  trib_mqtt_reader_init(&session->reader, session->reader.buffer, session->reader.capacity);
  session->opened = true;
  session->up = false;
  session->refusal = 0;
  session->heard_ms = now_of(session);
  size = session->password
             ? trib_mqtt_connect_password(head, sizeof head, session->identity, session->identity,
                                          session->password, KEEP_ALIVE_S)
             : trib_mqtt_connect(head, sizeof head, session->identity, session->identity,
                                 KEEP_ALIVE_S);
  return say(session, head, size, NULL, 0);
}

void trib_mqtt_session_close(trib_mqtt_session* session) {
  session->opened = false;
  session->up = false;
}

/* A topic longer than any of the protocol is nobody's here. */
static trib_mqtt_event take_message(trib_mqtt_session* session, const trib_mqtt_packet* packet) {
  if (packet->topic_size >= sizeof session->topic) return TRIB_MQTT_NOTHING;
  memcpy(session->topic, packet->topic, packet->topic_size);
  session->topic[packet->topic_size] = 0;
  session->payload = packet->payload;
  session->payload_size = packet->payload_size;
  return TRIB_MQTT_MESSAGE;
}

static trib_status on_packet(trib_mqtt_session* session, const trib_mqtt_packet* packet,
                             trib_mqtt_event* event) {
  unsigned char head[HEAD_BYTES];
  if (packet->type == TRIB_MQTT_CONNACK) {
    if (session->up) return TRIB_MALFORMED;
    session->refusal = packet->code;
    session->up = packet->code == 0;
    *event = TRIB_MQTT_UP;
    return session->up ? TRIB_OK : TRIB_NOT_CONNECTED;
  }
  if (!session->up) return TRIB_MALFORMED;
  if (packet->type != TRIB_MQTT_PUBLISH) return TRIB_OK;
  *event = take_message(session, packet);
  if (packet->packet_id == 0) return TRIB_OK;
  return say(session, head, trib_mqtt_puback(head, sizeof head, packet->packet_id), NULL, 0);
}

trib_status trib_mqtt_session_feed(trib_mqtt_session* session, const unsigned char* bytes,
                                   size_t size, size_t* used, trib_mqtt_event* event) {
  trib_mqtt_packet packet;
  trib_status status = trib_mqtt_feed(&session->reader, bytes, size, used, &packet);
  *event = TRIB_MQTT_NOTHING;
  if (*used > 0) session->heard_ms = now_of(session);
  if (status == TRIB_NOT_FOUND) return TRIB_OK;
  return status == TRIB_OK ? on_packet(session, &packet, event) : status;
}

trib_status trib_mqtt_session_turn(trib_mqtt_session* session) {
  const uint64_t now = now_of(session);
  const uint64_t silent = now - session->heard_ms;
  unsigned char head[HEAD_BYTES];
  if (!session->opened) return TRIB_OK;
  if (silent > (session->up ? (uint64_t)SILENT_AFTER_MS : (uint64_t)NO_ANSWER_AFTER_MS)) {
    return TRIB_NOT_CONNECTED;
  }
  if (session->up && now - session->spoke_ms > PING_AFTER_MS) {
    (void)say(session, head, trib_mqtt_pingreq(head, sizeof head), NULL, 0);
  }
  return TRIB_OK;
}

static uint16_t next_id(trib_mqtt_session* session) {
  session->last_id = (uint16_t)(session->last_id == UINT16_MAX ? 1 : session->last_id + 1);
  return session->last_id;
}

trib_status trib_mqtt_session_publish(trib_mqtt_session* session, const char* topic,
                                      const void* payload, size_t size) {
  unsigned char head[HEAD_BYTES];
  if (!session->up) return TRIB_NOT_CONNECTED;
  return say(session, head,
             trib_mqtt_publish_head(head, sizeof head, topic, size, next_id(session)), payload,
             size);
}

trib_status trib_mqtt_session_subscribe(trib_mqtt_session* session, const char* filter) {
  unsigned char head[HEAD_BYTES];
  if (!session->up) return TRIB_NOT_CONNECTED;
  return say(session, head, trib_mqtt_subscribe(head, sizeof head, filter, next_id(session)), NULL,
             0);
}

trib_status trib_mqtt_session_unsubscribe(trib_mqtt_session* session, const char* filter) {
  unsigned char head[HEAD_BYTES];
  if (!session->up) return TRIB_NOT_CONNECTED;
  return say(session, head, trib_mqtt_unsubscribe(head, sizeof head, filter, next_id(session)),
             NULL, 0);
}
