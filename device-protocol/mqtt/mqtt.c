#include "tributary/mqtt.h"

#include <string.h>

enum {
  TYPE_CONNECT = 1,
  TYPE_SUBSCRIBE = 8,
  TYPE_UNSUBSCRIBE = 10,
  TYPE_PINGREQ = 12,
  TYPE_DISCONNECT = 14,
  MAX_REMAINING = 268435455 /* 2.2.3 */
};

typedef struct writer {
  unsigned char* out;
  size_t capacity;
  size_t size; /* what the packet needs, also when it does not fit */
} writer;

static void put_byte(writer* w, unsigned value) {
  if (w->size < w->capacity) w->out[w->size] = (unsigned char)value;
  w->size += 1;
}

static void put16(writer* w, size_t value) {
  put_byte(w, (unsigned)(value >> 8) & 255U);
  put_byte(w, (unsigned)value & 255U);
}

static void put_string(writer* w, const char* text) {
  const size_t size = strlen(text);
  put16(w, size);
  if (w->size + size <= w->capacity) memcpy(w->out + w->size, text, size);
  w->size += size;
}

static void put_start(writer* w, unsigned first, size_t remaining) {
  put_byte(w, first);
  do {
    put_byte(w, (unsigned)(remaining & 127U) | (remaining > 127 ? 128U : 0U));
    remaining >>= 7;
  } while (remaining > 0);
}

static size_t finish(const writer* w) {
  return w->size <= w->capacity ? w->size : 0;
}

static bool too_long(const char* text) {
  return strlen(text) > 65535;
}

/* 3.1.1: user name and clean session; the will at QoS 1, retained. */
enum { CONNECT_FLAGS = 0x80 | 0x02, PASSWORD_FLAG = 0x40, WILL_FLAGS = 0x20 | 0x08 | 0x04 };

static void put_connect(writer* w, size_t more, unsigned flags, uint16_t keep_alive_seconds) {
  put_start(w, TYPE_CONNECT << 4, 10 + more);
  put_string(w, "MQTT");
  put_byte(w, 4);
  put_byte(w, flags);
  put16(w, keep_alive_seconds);
}

size_t trib_mqtt_connect(unsigned char* out, size_t capacity, const char* client_id,
                         const char* user_name, uint16_t keep_alive_seconds) {
  writer w = {out, capacity, 0};
  if (too_long(client_id) || too_long(user_name)) return 0;
  put_connect(&w, 4 + strlen(client_id) + strlen(user_name), CONNECT_FLAGS, keep_alive_seconds);
  put_string(&w, client_id);
  put_string(&w, user_name);
  return finish(&w);
}

size_t trib_mqtt_connect_password(unsigned char* out, size_t capacity, const char* client_id,
                                  const char* user_name, const char* password,
                                  uint16_t keep_alive_seconds) {
  writer w = {out, capacity, 0};
  if (too_long(client_id) || too_long(user_name) || too_long(password)) return 0;
  put_connect(&w, 6 + strlen(client_id) + strlen(user_name) + strlen(password),
              CONNECT_FLAGS | PASSWORD_FLAG, keep_alive_seconds);
  put_string(&w, client_id);
  put_string(&w, user_name);
  put_string(&w, password);
  return finish(&w);
}

size_t trib_mqtt_connect_will(unsigned char* out, size_t capacity, const char* client_id,
                              const char* user_name, uint16_t keep_alive_seconds,
                              const char* will_topic, const unsigned char* will, size_t will_size) {
  writer w = {out, capacity, 0};
  if (too_long(client_id) || too_long(user_name) || too_long(will_topic) || will_size > 65535) {
    return 0;
  }
  put_connect(&w, 8 + strlen(client_id) + strlen(will_topic) + will_size + strlen(user_name),
              CONNECT_FLAGS | WILL_FLAGS, keep_alive_seconds);
  put_string(&w, client_id);
  put_string(&w, will_topic);
  put16(&w, will_size);
  for (size_t i = 0; i < will_size; ++i) put_byte(&w, will[i]);
  put_string(&w, user_name);
  return finish(&w);
}

size_t trib_mqtt_publish_head(unsigned char* out, size_t capacity, const char* topic,
                              size_t payload_size, uint16_t packet_id) {
  writer w = {out, capacity, 0};
  const unsigned qos = packet_id == 0 ? 0U : 1U;
  size_t head;
  if (too_long(topic)) return 0;
  head = 2 + strlen(topic) + 2 * qos;
  if (payload_size > MAX_REMAINING - head) return 0;
  put_start(&w, TRIB_MQTT_PUBLISH << 4 | qos << 1, head + payload_size);
  put_string(&w, topic);
  if (qos) put16(&w, packet_id);
  return finish(&w);
}

size_t trib_mqtt_subscribe(unsigned char* out, size_t capacity, const char* filter,
                           uint16_t packet_id) {
  writer w = {out, capacity, 0};
  if (too_long(filter)) return 0;
  put_start(&w, TYPE_SUBSCRIBE << 4 | 2, 2 + 2 + strlen(filter) + 1);
  put16(&w, packet_id);
  put_string(&w, filter);
  put_byte(&w, 1);
  return finish(&w);
}

size_t trib_mqtt_unsubscribe(unsigned char* out, size_t capacity, const char* filter,
                             uint16_t packet_id) {
  writer w = {out, capacity, 0};
  if (too_long(filter)) return 0;
  put_start(&w, TYPE_UNSUBSCRIBE << 4 | 2, 2 + 2 + strlen(filter));
  put16(&w, packet_id);
  put_string(&w, filter);
  return finish(&w);
}

size_t trib_mqtt_puback(unsigned char* out, size_t capacity, uint16_t packet_id) {
  writer w = {out, capacity, 0};
  put_start(&w, TRIB_MQTT_PUBACK << 4, 2);
  put16(&w, packet_id);
  return finish(&w);
}

size_t trib_mqtt_pingreq(unsigned char* out, size_t capacity) {
  writer w = {out, capacity, 0};
  put_start(&w, TYPE_PINGREQ << 4, 0);
  return finish(&w);
}

size_t trib_mqtt_disconnect(unsigned char* out, size_t capacity) {
  writer w = {out, capacity, 0};
  put_start(&w, TYPE_DISCONNECT << 4, 0);
  return finish(&w);
}

enum { STAGE_FIRST, STAGE_LENGTH, STAGE_BODY };

void trib_mqtt_reader_init(trib_mqtt_reader* reader, unsigned char* buffer, size_t capacity) {
  memset(reader, 0, sizeof *reader);
  reader->buffer = buffer;
  reader->capacity = capacity;
}

static uint16_t get16(const unsigned char* in) {
  return (uint16_t)(in[0] << 8 | in[1]);
}

static trib_status read_publish(const trib_mqtt_reader* reader, trib_mqtt_packet* packet) {
  const unsigned qos = reader->first >> 1 & 3U;
  const unsigned char* body = reader->buffer;
  size_t at;
  if (qos > 1 || reader->body_size < 2) return TRIB_MALFORMED;
  packet->topic_size = get16(body);
  at = 2 + packet->topic_size;
  if (at + 2 * qos > reader->body_size || packet->topic_size == 0) return TRIB_MALFORMED;
  packet->topic = (const char*)body + 2;
  packet->retained = (reader->first & 1U) != 0;
  if (qos) {
    packet->packet_id = get16(body + at);
    if (packet->packet_id == 0) return TRIB_MALFORMED;
    at += 2;
  }
  packet->payload = body + at;
  packet->payload_size = reader->body_size - at;
  return TRIB_OK;
}

static trib_status read_body(const trib_mqtt_reader* reader, trib_mqtt_packet* packet) {
  const unsigned char* body = reader->buffer;
  const size_t size = reader->body_size;
  const unsigned type = reader->first >> 4;
  memset(packet, 0, sizeof *packet);
  packet->type = (trib_mqtt_type)type;
  if (type == TRIB_MQTT_PUBLISH) return read_publish(reader, packet);
  if ((reader->first & 15U) != 0) return TRIB_MALFORMED;
  if (type == TRIB_MQTT_PINGRESP) return size == 0 ? TRIB_OK : TRIB_MALFORMED;
  if (type == TRIB_MQTT_CONNACK) {
    if (size != 2) return TRIB_MALFORMED;
    packet->code = body[1];
    return TRIB_OK;
  }
  if (type == TRIB_MQTT_SUBACK) {
    if (size != 3) return TRIB_MALFORMED;
    packet->code = body[2];
  } else if ((type != TRIB_MQTT_PUBACK && type != TRIB_MQTT_UNSUBACK) || size != 2) {
    return TRIB_MALFORMED;
  }
  packet->packet_id = get16(body);
  return TRIB_OK;
}

static trib_status read_length(trib_mqtt_reader* reader, unsigned char byte) {
  reader->body_size |= (size_t)(byte & 127U) << (7 * reader->length_bytes);
  reader->length_bytes += 1;
  if (byte & 128U) return reader->length_bytes < 4 ? TRIB_OK : TRIB_MALFORMED;
  if (reader->body_size > reader->capacity) return TRIB_NO_SPACE;
  reader->stage = STAGE_BODY;
  return TRIB_OK;
}

trib_status trib_mqtt_feed(trib_mqtt_reader* reader, const unsigned char* bytes, size_t size,
                           size_t* used, trib_mqtt_packet* packet) {
  size_t at = 0;
  *used = 0;
  while (reader->stage != STAGE_BODY) {
    if (at == size) {
      *used = at;
      return TRIB_NOT_FOUND;
    }
    if (reader->stage == STAGE_FIRST) {
      reader->first = bytes[at++];
      reader->body_size = 0;
      reader->have = 0;
      reader->length_bytes = 0;
      reader->stage = STAGE_LENGTH;
    } else {
      const trib_status status = read_length(reader, bytes[at++]);
      if (status != TRIB_OK) return status;
    }
  }
  {
    const size_t missing = reader->body_size - reader->have;
    const size_t take = missing < size - at ? missing : size - at;
    if (take > 0) memcpy(reader->buffer + reader->have, bytes + at, take);
    reader->have += take;
    *used = at + take;
  }
  if (reader->have < reader->body_size) return TRIB_NOT_FOUND;
  reader->stage = STAGE_FIRST;
  return read_body(reader, packet);
}
