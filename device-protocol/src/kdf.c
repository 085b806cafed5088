#include "device-protocol/src/kdf.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

static const char prefix[] = "tributary/v1/";

static void add_label(const trib_crypto_port* crypto, trib_sha256_state* state, const char* label) {
  const size_t size = strlen(label);
  trib_hash_part_size(crypto, state, (uint32_t)(sizeof prefix - 1 + size));
  crypto->sha256_update(state, prefix, sizeof prefix - 1);
  crypto->sha256_update(state, label, size);
}

void trib_hash_part_size(const trib_crypto_port* crypto, trib_sha256_state* state, uint32_t size) {
  unsigned char head[4];
  trib_put32(head, size);
  crypto->sha256_update(state, head, sizeof head);
}

void trib_hash_part(const trib_crypto_port* crypto, trib_sha256_state* state, const void* data,
                    size_t size) {
  trib_hash_part_size(crypto, state, (uint32_t)size);
  crypto->sha256_update(state, data, size);
}

void trib_hash_begin(const trib_crypto_port* crypto, trib_sha256_state* state, const char* label) {
  crypto->sha256_init(state);
  add_label(crypto, state, label);
}

static void add_parts(const trib_crypto_port* crypto, trib_sha256_state* state,
                      const trib_part* parts, size_t count) {
  for (size_t i = 0; i < count; ++i) trib_hash_part(crypto, state, parts[i].data, parts[i].size);
}

void trib_hash(const trib_crypto_port* crypto, unsigned char out[TRIB_HASH_BYTES],
               const char* label, const trib_part* parts, size_t count) {
  trib_sha256_state state;
  trib_hash_begin(crypto, &state, label);
  add_parts(crypto, &state, parts, count);
  crypto->sha256_final(&state, out);
}

/* HMAC (RFC 2104) with a 32-byte key, shorter than SHA-256's block of 64. */
void trib_kdf(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
              const unsigned char key[TRIB_KEY_BYTES], const char* label, const trib_part* parts,
              size_t count) {
  unsigned char pad[64];
  trib_sha256_state state;
  memset(pad, 0x36, sizeof pad);
  for (size_t i = 0; i < TRIB_KEY_BYTES; ++i) pad[i] = (unsigned char)(key[i] ^ 0x36);
  crypto->sha256_init(&state);
  crypto->sha256_update(&state, pad, sizeof pad);
  add_label(crypto, &state, label);
  add_parts(crypto, &state, parts, count);
  crypto->sha256_final(&state, out);
  for (size_t i = 0; i < sizeof pad; ++i) pad[i] = (unsigned char)(pad[i] ^ 0x36 ^ 0x5c);
  crypto->sha256_init(&state);
  crypto->sha256_update(&state, pad, sizeof pad);
  crypto->sha256_update(&state, out, TRIB_HASH_BYTES);
  crypto->sha256_final(&state, out);
  crypto->wipe(pad, sizeof pad);
  crypto->wipe(&state, sizeof state);
}

void trib_mac16(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                const unsigned char key[TRIB_KEY_BYTES], const char* label, const trib_part* parts,
                size_t count) {
  unsigned char whole[TRIB_KEY_BYTES];
  trib_kdf(crypto, whole, key, label, parts, count);
  memcpy(out, whole, TRIB_MAC_BYTES);
  crypto->wipe(whole, sizeof whole);
}

/* lp("tributary/v1/sig/<label>") || lp(hash): at most 4 + 13 + 4 + 16 + 4 + 32 bytes. */
enum { SIGNED_TEXT_BYTES = 80, MAX_LABEL = 16 };

static size_t signed_text(unsigned char out[SIGNED_TEXT_BYTES], const char* label,
                          const unsigned char hash[TRIB_HASH_BYTES]) {
  const size_t label_size = strlen(label);
  unsigned char* at = out;
  if (label_size > MAX_LABEL) return 0;
  trib_put32(at, (uint32_t)(sizeof prefix - 1 + 4 + label_size));
  at += 4;
  memcpy(at, prefix, sizeof prefix - 1);
  at += sizeof prefix - 1;
  memcpy(at, "sig/", 4);
  at += 4;
  memcpy(at, label, label_size);
  at += label_size;
  trib_put32(at, TRIB_HASH_BYTES);
  at += 4;
  memcpy(at, hash, TRIB_HASH_BYTES);
  return (size_t)(at - out) + TRIB_HASH_BYTES;
}

trib_status trib_verify_hash(const trib_crypto_port* crypto, const char* label,
                             const unsigned char hash[TRIB_HASH_BYTES],
                             const unsigned char signature[TRIB_SIGNATURE_BYTES],
                             const unsigned char key[TRIB_KEY_BYTES]) {
  unsigned char text[SIGNED_TEXT_BYTES];
  const size_t text_size = signed_text(text, label, hash);
  if (text_size == 0) return TRIB_BAD_ARGUMENT;
  return crypto->ed25519_verify(signature, text, text_size, key) == TRIB_OK ? TRIB_OK
                                                                            : TRIB_BAD_SIGNATURE;
}

trib_status trib_sign_hash(const trib_crypto_port* crypto, const char* label,
                           const unsigned char hash[TRIB_HASH_BYTES],
                           unsigned char signature[TRIB_SIGNATURE_BYTES],
                           const unsigned char seed[TRIB_KEY_BYTES]) {
  unsigned char text[SIGNED_TEXT_BYTES];
  const size_t text_size = signed_text(text, label, hash);
  if (text_size == 0) return TRIB_BAD_ARGUMENT;
  return crypto->ed25519_sign(signature, text, text_size, seed);
}

trib_status trib_verify_body(const trib_crypto_port* crypto, const char* label, const void* body,
                             size_t size, const unsigned char signature[TRIB_SIGNATURE_BYTES],
                             const unsigned char key[TRIB_KEY_BYTES]) {
  const trib_part part = {body, size};
  unsigned char hash[TRIB_HASH_BYTES];
  trib_hash(crypto, hash, label, &part, 1);
  return trib_verify_hash(crypto, label, hash, signature, key);
}

trib_status trib_sign_body(const trib_crypto_port* crypto, const char* label, const void* body,
                           size_t size, unsigned char signature[TRIB_SIGNATURE_BYTES],
                           const unsigned char seed[TRIB_KEY_BYTES]) {
  const trib_part part = {body, size};
  unsigned char hash[TRIB_HASH_BYTES];
  trib_hash(crypto, hash, label, &part, 1);
  return trib_sign_hash(crypto, label, hash, signature, seed);
}

int trib_equal(const unsigned char* a, const unsigned char* b, size_t size) {
  unsigned char difference = 0;
  for (size_t i = 0; i < size; ++i) difference = (unsigned char)(difference | (a[i] ^ b[i]));
  return difference == 0;
}
