/* TLS 1.2 with a pre-shared key between a stream of bytes and the session: mbedTLS, one connection. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_SECURE_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_SECURE_H

#include "device-protocol/ports/cortex-m/firmware/entropy.h"

/* The stream below. */
typedef struct trib_secure_stream {
  /* All of it, or TRIB_NOT_CONNECTED. */
  trib_status (*write)(const void* data, size_t size);
  /* What has come, at most `capacity`; 0: nothing now. */
  size_t (*read)(void* out, size_t capacity);
} trib_secure_stream;

/* Once. TRIB_CRYPTO: not enough memory. */
trib_status trib_secure_init(const trib_secure_stream* stream, trib_entropy* entropy,
                             const char* identity, const unsigned char psk[TRIB_KEY_BYTES]);
/* The stream stands anew: forgets the last connection. */
trib_status trib_secure_begin(void);
/* TRIB_OK: keys are agreed on. TRIB_NOT_FOUND: needs more of the other side. Else it has failed. */
trib_status trib_secure_handshake(void);
/* Opened bytes into `out`; `*size` may be 0. TRIB_NOT_CONNECTED: it has ended. */
trib_status trib_secure_read(void* out, size_t capacity, size_t* size);
trib_status trib_secure_write(const void* data, size_t size);

#endif
