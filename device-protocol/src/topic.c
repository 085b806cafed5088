#include <string.h>

#include "device-protocol/src/client_state.h"

void trib_hex(char* out, const unsigned char* bytes, size_t size) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * size] = 0;
}

/* The longest: prefix 18, kind, '/', 64 hex digits, tail; far below TRIB_TOPIC_BYTES. */
void trib_site_topic(char out[TRIB_TOPIC_BYTES], const char* kind, const unsigned char* id,
                     size_t size, const char* tail) {
  strcpy(out, "tributary/v1/site/");
  strcat(out, kind);
  strcat(out, "/");
  trib_hex(out + strlen(out), id, size);
  strcat(out, tail);
}

void trib_device_topic(const trib_client* client, char out[TRIB_TOPIC_BYTES], const char* tail) {
  strcpy(out, "tributary/v1/device/");
  trib_hex(out + strlen(out), client->device_id, TRIB_ID_BYTES);
  strcat(out, tail);
}

const char* trib_after(const char* topic, const char* prefix) {
  const size_t size = strlen(prefix);
  return strncmp(topic, prefix, size) == 0 ? topic + size : NULL;
}
