#include "device-protocol/ports/cortex-m/firmware/secure.h"

#include <string.h>

#include "mbedtls/memory_buffer_alloc.h"
#include "mbedtls/ssl.h"

static struct {
  const trib_secure_stream* stream;
  trib_entropy* entropy;
  mbedtls_ssl_config config;
  mbedtls_ssl_context ssl;
  unsigned char memory[32768];
} secure;

static int send(void* user, const unsigned char* data, size_t size) {
  (void)user;
  return secure.stream->write(data, size) == TRIB_OK ? (int)size : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int receive(void* user, unsigned char* out, size_t capacity) {
  const size_t size = secure.stream->read(out, capacity);
  (void)user;
  return size > 0 ? (int)size : MBEDTLS_ERR_SSL_WANT_READ;
}

static int draw(void* user, unsigned char* out, size_t size) {
  (void)user;
  trib_entropy_draw(secure.entropy, out, size);
  return 0;
}

trib_status trib_secure_init(const trib_secure_stream* stream, trib_entropy* entropy,
                             const char* identity, const unsigned char psk[TRIB_KEY_BYTES]) {
  mbedtls_ssl_config* config = &secure.config;
  secure.stream = stream;
  secure.entropy = entropy;
  mbedtls_memory_buffer_alloc_init(secure.memory, sizeof secure.memory);
  mbedtls_ssl_config_init(config);
  mbedtls_ssl_init(&secure.ssl);
  if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
    return TRIB_CRYPTO;
  }
  mbedtls_ssl_conf_rng(config, draw, NULL);
  if (mbedtls_ssl_conf_max_frag_len(config, MBEDTLS_SSL_MAX_FRAG_LEN_4096) != 0 ||
      mbedtls_ssl_conf_psk(config, psk, TRIB_KEY_BYTES, (const unsigned char*)identity,
                           strlen(identity)) != 0 ||
      mbedtls_ssl_setup(&secure.ssl, config) != 0) {
    return TRIB_CRYPTO;
  }
  mbedtls_ssl_set_bio(&secure.ssl, NULL, send, receive, NULL);
  return TRIB_OK;
}

trib_status trib_secure_begin(void) {
  return mbedtls_ssl_session_reset(&secure.ssl) == 0 ? TRIB_OK : TRIB_CRYPTO;
}

trib_status trib_secure_handshake(void) {
  const int result = mbedtls_ssl_handshake(&secure.ssl);
  if (result == 0) return TRIB_OK;
  return result == MBEDTLS_ERR_SSL_WANT_READ ? TRIB_NOT_FOUND : TRIB_CRYPTO;
}

trib_status trib_secure_read(void* out, size_t capacity, size_t* size) {
  const int result = mbedtls_ssl_read(&secure.ssl, (unsigned char*)out, capacity);
  *size = result > 0 ? (size_t)result : 0;
  return result > 0 || result == MBEDTLS_ERR_SSL_WANT_READ ? TRIB_OK : TRIB_NOT_CONNECTED;
}

trib_status trib_secure_write(const void* data, size_t size) {
  const unsigned char* at = (const unsigned char*)data;
  while (size > 0) {
    const int result = mbedtls_ssl_write(&secure.ssl, at, size);
    if (result <= 0) return TRIB_NOT_CONNECTED;
    at += result;
    size -= (size_t)result;
  }
  return TRIB_OK;
}
