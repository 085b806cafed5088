#include <string.h>

#include "bearssl.h"
#include "device-protocol/ports/bearssl/bearssl_port.h"

#ifdef TRIB_BEARSSL_I15
#define CURVE25519 br_ec_c25519_m15
#define POLY1305 br_poly1305_ctmul32_run
#else
#define CURVE25519 br_ec_c25519_m31
#define POLY1305 br_poly1305_ctmul_run
#endif

typedef char state_fits[sizeof(trib_sha256_state) >= sizeof(br_sha256_context) ? 1 : -1];

static br_sha256_context* sha(trib_sha256_state* state) {
  return (br_sha256_context*)(void*)state->bytes;
}

static void sha256_init(trib_sha256_state* state) {
  (void)sizeof(state_fits);
  br_sha256_init(sha(state));
}

static void sha256_update(trib_sha256_state* state, const void* data, size_t size) {
  br_sha256_update(sha(state), data, size);
}

static void sha256_final(trib_sha256_state* state, unsigned char out[TRIB_HASH_BYTES]) {
  br_sha256_out(sha(state), out);
}

static void wipe(void* data, size_t size) {
  volatile unsigned char* at = (volatile unsigned char*)data;
  while (size-- > 0) *at++ = 0;
}

static void chacha20_xor(unsigned char* data, size_t size, const unsigned char key[TRIB_KEY_BYTES],
                         uint32_t counter) {
  static const unsigned char nonce[12] = {0};
  br_chacha20_ct_run(key, nonce, counter, data, size);
}

static void aead_seal(unsigned char* data, size_t size, unsigned char tag[TRIB_TAG_BYTES],
                      const unsigned char* aad, size_t aad_size, const unsigned char nonce[12],
                      const unsigned char key[TRIB_KEY_BYTES]) {
  POLY1305(key, nonce, data, size, aad, aad_size, tag, br_chacha20_ct_run, 1);
}

static trib_status x25519(unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char secret[TRIB_KEY_BYTES],
                          const unsigned char public_key[TRIB_KEY_BYTES]) {
  unsigned char any = 0;
  memmove(out, public_key, TRIB_KEY_BYTES);
  CURVE25519.mul(out, TRIB_KEY_BYTES, secret, TRIB_KEY_BYTES, BR_EC_curve25519);
  for (int i = 0; i < TRIB_KEY_BYTES; ++i) any |= out[i];
  return any ? TRIB_OK : TRIB_CRYPTO;
}

static void x25519_base(unsigned char out[TRIB_KEY_BYTES],
                        const unsigned char secret[TRIB_KEY_BYTES]) {
  CURVE25519.mulgen(out, secret, TRIB_KEY_BYTES, BR_EC_curve25519);
}

const trib_crypto_port trib_bearssl_crypto = {
    sha256_init,
    sha256_update,
    sha256_final,
    chacha20_xor,
    aead_seal,
    x25519,
    x25519_base,
    trib_bearssl_ed25519_verify,
    trib_bearssl_ed25519_sign,
    wipe,
};
