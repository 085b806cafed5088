#include <sodium.h>
#include <string.h>

#include "device-protocol/ports/posix/posix.h"

typedef char state_fits[sizeof(trib_sha256_state) >= sizeof(crypto_hash_sha256_state) ? 1 : -1];

static crypto_hash_sha256_state* sha(trib_sha256_state* state) {
  return (crypto_hash_sha256_state*)(void*)state->bytes;
}

static void sha256_init(trib_sha256_state* state) {
  (void)sizeof(state_fits);
  crypto_hash_sha256_init(sha(state));
}

static void sha256_update(trib_sha256_state* state, const void* data, size_t size) {
  if (size > 0) crypto_hash_sha256_update(sha(state), (const unsigned char*)data, size);
}

static void sha256_final(trib_sha256_state* state, unsigned char out[TRIB_HASH_BYTES]) {
  crypto_hash_sha256_final(sha(state), out);
}

static void chacha20_xor(unsigned char* data, size_t size, const unsigned char key[TRIB_KEY_BYTES],
                         uint32_t counter) {
  static const unsigned char nonce[crypto_stream_chacha20_ietf_NONCEBYTES];
  crypto_stream_chacha20_ietf_xor_ic(data, data, size, nonce, counter, key);
}

static void aead_seal(unsigned char* data, size_t size, unsigned char tag[TRIB_TAG_BYTES],
                      const unsigned char* aad, size_t aad_size, const unsigned char nonce[12],
                      const unsigned char key[TRIB_KEY_BYTES]) {
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(data, tag, NULL, data, size, aad, aad_size,
                                                     NULL, nonce, key);
}

static trib_status x25519(unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char secret[TRIB_KEY_BYTES],
                          const unsigned char public_key[TRIB_KEY_BYTES]) {
  return crypto_scalarmult(out, secret, public_key) == 0 ? TRIB_OK : TRIB_CRYPTO;
}

static void x25519_base(unsigned char out[TRIB_KEY_BYTES],
                        const unsigned char secret[TRIB_KEY_BYTES]) {
  crypto_scalarmult_base(out, secret);
}

static trib_status ed25519_verify(const unsigned char signature[TRIB_SIGNATURE_BYTES],
                                  const unsigned char* message, size_t size,
                                  const unsigned char public_key[TRIB_KEY_BYTES]) {
  return crypto_sign_verify_detached(signature, message, size, public_key) == 0 ? TRIB_OK
                                                                                : TRIB_CRYPTO;
}

static trib_status ed25519_sign(unsigned char signature[TRIB_SIGNATURE_BYTES],
                                const unsigned char* message, size_t size,
                                const unsigned char seed[TRIB_KEY_BYTES]) {
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret[crypto_sign_SECRETKEYBYTES];
  int failed = crypto_sign_seed_keypair(public_key, secret, seed);
  if (!failed) failed = crypto_sign_detached(signature, NULL, message, size, secret);
  sodium_memzero(secret, sizeof secret);
  return failed ? TRIB_CRYPTO : TRIB_OK;
}

const trib_crypto_port trib_posix_crypto = {
    sha256_init, sha256_update, sha256_final,   chacha20_xor, aead_seal,
    x25519,      x25519_base,   ed25519_verify, ed25519_sign, sodium_memzero,
};

void trib_posix_ed25519_public(unsigned char public_key[TRIB_KEY_BYTES],
                               const unsigned char seed[TRIB_KEY_BYTES]) {
  unsigned char secret[crypto_sign_SECRETKEYBYTES];
  (void)crypto_sign_seed_keypair(public_key, secret, seed);
  sodium_memzero(secret, sizeof secret);
}
