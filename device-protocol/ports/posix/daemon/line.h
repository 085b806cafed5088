/* A connection to the broker: TCP, and TLS 1.2 with the device's pre-shared key unless it is to be plain.
 * Blocks only to connect and to send, 20 s and 10 s at most. */
#ifndef TRIBUTARY_PORTS_POSIX_DAEMON_LINE_H
#define TRIBUTARY_PORTS_POSIX_DAEMON_LINE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tributary/port.h"

typedef struct trib_line {
  SSL_CTX* tls; /* NULL: plain */
  SSL* ssl;
  int socket; /* -1: closed */
  const char* identity;
  unsigned char psk[TRIB_KEY_BYTES];
} trib_line;

/* identity and psk are the device's. false: OpenSSL cannot. */
bool trib_line_init(trib_line* line, bool plain, const char* identity,
                    const unsigned char psk[TRIB_KEY_BYTES]);
/* NULL, or why not. */
const char* trib_line_open(trib_line* line, const char* host, const char* port);
void trib_line_close(trib_line* line);
/* Bytes received; 0: none now; -1: it ended, and is closed. */
ssize_t trib_line_read(trib_line* line, void* out, size_t capacity);
/* All of it, or the line is closed: TRIB_NOT_CONNECTED. */
trib_status trib_line_write(trib_line* line, const void* data, size_t size);
/* Until bytes may be there, or so long. A signal that is caught ends it. */
void trib_line_wait(const trib_line* line, int milliseconds);

#endif
