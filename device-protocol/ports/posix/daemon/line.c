#include "device-protocol/ports/posix/daemon/line.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_MS = 20000, SEND_MS = 10000 };

static unsigned offer_key(SSL* ssl, const char* hint, char* identity, unsigned identity_size,
                          unsigned char* key, unsigned key_size) {
  const trib_line* line = (const trib_line*)SSL_get_app_data(ssl);
  (void)hint;
  if (strlen(line->identity) >= identity_size || key_size < sizeof line->psk) return 0;
  strcpy(identity, line->identity);
  memcpy(key, line->psk, sizeof line->psk);
  return sizeof line->psk;
}

bool trib_line_init(trib_line* line, bool plain, const char* identity,
                    const unsigned char psk[TRIB_KEY_BYTES]) {
  memset(line, 0, sizeof *line);
  line->socket = -1;
  line->identity = identity;
  memcpy(line->psk, psk, sizeof line->psk);
  if (plain) return true;
  line->tls = SSL_CTX_new(TLS_client_method());
  if (!line->tls) return false;
  /* Keys are agreed on anew for each connection: one that is stolen later opens no recorded one. */
  if (!SSL_CTX_set_min_proto_version(line->tls, TLS1_2_VERSION) ||
      !SSL_CTX_set_max_proto_version(line->tls, TLS1_2_VERSION) ||
      !SSL_CTX_set_cipher_list(line->tls,
                               "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256")) {
    return false;
  }
  SSL_CTX_set_psk_client_callback(line->tls, offer_key);
  return true;
}

static bool wait_for(int socket, short events, int milliseconds) {
  struct pollfd poll_for = {socket, events, 0};
  return poll(&poll_for, 1, milliseconds) > 0;
}

/* A socket that is connected and does not block, or -1. */
static int dial(const struct addrinfo* to) {
  const int yes = 1;
  int fault = 0;
  socklen_t size = sizeof fault;
  const int s = socket(to->ai_family, to->ai_socktype, to->ai_protocol);
  if (s < 0) return -1;
  if (fcntl(s, F_SETFL, O_NONBLOCK) == 0 && fcntl(s, F_SETFD, FD_CLOEXEC) == 0 &&
      setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0 &&
      (connect(s, to->ai_addr, to->ai_addrlen) == 0 ||
       (errno == EINPROGRESS && wait_for(s, POLLOUT, CONNECT_MS))) &&
      getsockopt(s, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && fault == 0) {
    return s;
  }
  close(s);
  return -1;
}

/* Waits for what TLS needs next; false: it has ended. */
static bool wait_for_tls(const trib_line* line, int result, int milliseconds) {
  const int need = SSL_get_error(line->ssl, result);
  if (need == SSL_ERROR_WANT_READ) return wait_for(line->socket, POLLIN, milliseconds);
  if (need == SSL_ERROR_WANT_WRITE) return wait_for(line->socket, POLLOUT, milliseconds);
  return false;
}

static bool handshake(trib_line* line) {
  int result;
  line->ssl = SSL_new(line->tls);
  if (!line->ssl || !SSL_set_app_data(line->ssl, line) || !SSL_set_fd(line->ssl, line->socket)) {
    return false;
  }
  while ((result = SSL_connect(line->ssl)) != 1) {
    if (!wait_for_tls(line, result, CONNECT_MS)) return false;
  }
  return true;
}

const char* trib_line_open(trib_line* line, const char* host, const char* port) {
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo* found = NULL;
  const int fault = getaddrinfo(host, port, &hints, &found);
  if (fault != 0) return gai_strerror(fault);
  for (const struct addrinfo* at = found; at && line->socket < 0; at = at->ai_next) {
    line->socket = dial(at);
  }
  freeaddrinfo(found);
  if (line->socket < 0) return "no connection to the broker";
  if (line->tls && !handshake(line)) {
    trib_line_close(line);
    ERR_clear_error();
    return "no TLS with the broker; does it know this identity and its key?";
  }
  return NULL;
}

void trib_line_close(trib_line* line) {
  if (line->ssl) SSL_free(line->ssl);
  line->ssl = NULL;
  if (line->socket >= 0) close(line->socket);
  line->socket = -1;
}

ssize_t trib_line_read(trib_line* line, void* out, size_t capacity) {
  ssize_t got;
  bool later;
  if (line->socket < 0) return -1;
  if (line->ssl) {
    const int result = SSL_read(line->ssl, out, (int)capacity);
    got = result;
    later = result <= 0 && SSL_get_error(line->ssl, result) == SSL_ERROR_WANT_READ;
  } else {
    got = recv(line->socket, out, capacity, 0);
    later = got < 0 && (errno == EAGAIN || errno == EINTR);
  }
  if (got > 0) return got;
  if (later) return 0;
  trib_line_close(line);
  ERR_clear_error();
  return -1;
}

static ssize_t write_some(trib_line* line, const unsigned char* at, size_t size) {
  if (line->ssl) {
    const int result = SSL_write(line->ssl, at, (int)size);
    if (result > 0) return result;
    return wait_for_tls(line, result, SEND_MS) ? 0 : -1;
  }
  const ssize_t put = send(line->socket, at, size, MSG_NOSIGNAL);
  if (put >= 0) return put;
  if (errno != EAGAIN && errno != EINTR) return -1;
  return wait_for(line->socket, POLLOUT, SEND_MS) ? 0 : -1;
}

trib_status trib_line_write(trib_line* line, const void* data, size_t size) {
  const unsigned char* at = (const unsigned char*)data;
  while (size > 0) {
    const ssize_t put = line->socket < 0 ? -1 : write_some(line, at, size);
    if (put < 0) {
      trib_line_close(line);
      return TRIB_NOT_CONNECTED;
    }
    at += put;
    size -= (size_t)put;
  }
  return TRIB_OK;
}

void trib_line_wait(const trib_line* line, int milliseconds) {
  if (line->ssl && SSL_pending(line->ssl) > 0) return;
  if (line->socket >= 0) {
    (void)wait_for(line->socket, POLLIN, milliseconds);
  } else {
    (void)poll(NULL, 0, milliseconds);
  }
}
