/* Little-endian integers in byte strings. */
#ifndef TRIBUTARY_SRC_BYTES_H
#define TRIBUTARY_SRC_BYTES_H

#include <stdint.h>

static inline void trib_put32(unsigned char* out, uint32_t value) {
  out[0] = (unsigned char)value;
  out[1] = (unsigned char)(value >> 8);
  out[2] = (unsigned char)(value >> 16);
  out[3] = (unsigned char)(value >> 24);
}

static inline void trib_put64(unsigned char* out, uint64_t value) {
  trib_put32(out, (uint32_t)value);
  trib_put32(out + 4, (uint32_t)(value >> 32));
}

static inline uint32_t trib_get32(const unsigned char* in) {
  return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static inline uint64_t trib_get64(const unsigned char* in) {
  return (uint64_t)trib_get32(in) | (uint64_t)trib_get32(in + 4) << 32;
}

#endif
