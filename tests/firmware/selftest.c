/* The library and a crypto port on the emulated core, against the vectors of an independent implementation. Prints
 * what failed; the exit code is the number of failures. */
#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/crypto_choice.h"
#include "device-protocol/src/derive.h"
#include "device-protocol/src/mask.h"
#include "device-protocol/src/seal.h"

typedef struct blob {
  const unsigned char* bytes;
  uint32_t size;
} blob;

typedef struct helper_vector {
  blob id;
  blob public_key;
} helper_vector;

typedef struct device_vector {
  blob id, secret, public_key, gateway_key, nonce, words, masked, upload_key, digest;
  const blob* pair_keys;
  const blob* seeds;
  const blob* tickets;
  const blob* chunks;
  uint32_t chunk_count;
} device_vector;

typedef struct case_vector {
  const char* name;
  uint32_t ring_bits, epoch, chunk_bytes;
  blob context, context_hash, signature;
  const helper_vector* helpers;
  uint32_t helper_count;
  const device_vector* devices;
  uint32_t device_count;
} case_vector;

#include "vectors.inc"

enum { MOST_WORD_BYTES = 256 };

static const trib_crypto_port* const crypto = &TRIB_CRYPTO_PORT;
static int failed;
static int passed;

static void check(int good, const char* what) {
  if (good) {
    passed += 1;
    return;
  }
  failed += 1;
  trib_console_text("FAILED: ");
  trib_console_text(what);
  trib_console_text("\n");
}

static int same(const blob* expected, const void* bytes) {
  return memcmp(expected->bytes, bytes, expected->size) == 0;
}

static void check_context(const case_vector* round) {
  /* RFC 8032 7.1, test 1 */
  static const unsigned char seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                         0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                         0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                         0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  static const unsigned char key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                        0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                        0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                        0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
  const blob* body = &round->context;
  unsigned char hash[TRIB_HASH_BYTES];
  unsigned char signature[TRIB_SIGNATURE_BYTES];
  const trib_part part = {body->bytes, body->size};
  trib_hash(crypto, hash, "ctx", &part, 1);
  check(same(&round->context_hash, hash), "context hash");
  check(trib_verify_body(crypto, "ctx", body->bytes, body->size, round->signature.bytes, key) ==
            TRIB_OK,
        "context signature");
  check(trib_sign_body(crypto, "ctx", body->bytes, body->size, signature, seed) == TRIB_OK &&
            same(&round->signature, signature),
        "a signature is the vector's");
  signature[5] ^= 1;
  check(trib_verify_body(crypto, "ctx", body->bytes, body->size, signature, key) ==
            TRIB_BAD_SIGNATURE,
        "a changed signature");
}

static void check_pairs(const case_vector* round, const device_vector* device,
                        const trib_upload_name* name, unsigned char* words) {
  for (uint32_t i = 0; i < round->helper_count; ++i) {
    unsigned char key[TRIB_KEY_BYTES];
    unsigned char seed[TRIB_KEY_BYTES];
    trib_pair_party party;
    memcpy(party.id, round->helpers[i].id.bytes, sizeof party.id);
    memcpy(party.public_key, round->helpers[i].public_key.bytes, sizeof party.public_key);
    party.epoch = round->epoch;
    check(trib_pair_key(crypto, key, device->secret.bytes, device->id.bytes, &party, NULL, 0) ==
                  TRIB_OK &&
              same(&device->pair_keys[i], key),
          "pair key");
    trib_mask_seed(crypto, seed, key, name);
    check(same(&device->seeds[i], seed), "seed");
    check(trib_add_mask(crypto, round->ring_bits, seed, 0, words, device->words.size) == TRIB_OK,
          "mask");
  }
  check(same(&device->masked, words), "masked words");
}

static void check_chunks(const case_vector* round, const device_vector* device,
                         const trib_upload_name* name, const unsigned char* words) {
  unsigned char digest[TRIB_HASH_BYTES];
  unsigned char upload_key[TRIB_KEY_BYTES];
  trib_sha256_state state;
  trib_upload_key(crypto, upload_key, device->gateway_key.bytes, name);
  check(same(&device->upload_key, upload_key), "upload key");
  trib_digest_begin(crypto, &state, name, device->chunk_count);
  for (uint32_t i = 0; i < device->chunk_count; ++i) {
    const trib_chunk_place place = {name, i, device->chunk_count, round->ring_bits};
    const uint32_t begin = i * round->chunk_bytes;
    const uint32_t left = device->words.size - begin;
    const uint32_t size = left < round->chunk_bytes ? left : round->chunk_bytes;
    unsigned char chunk[MOST_WORD_BYTES + TRIB_TAG_BYTES];
    memcpy(chunk, words + begin, size);
    trib_seal_chunk(crypto, upload_key, &place, chunk, size);
    check(same(&device->chunks[i], chunk), "chunk");
    crypto->sha256_update(&state, chunk + size, TRIB_TAG_BYTES);
  }
  crypto->sha256_final(&state, digest);
  check(same(&device->digest, digest), "digest");
  for (uint32_t i = 0; i < round->helper_count; ++i) {
    unsigned char ticket[TRIB_MAC_BYTES];
    trib_ticket(crypto, ticket, device->pair_keys[i].bytes, name, digest);
    check(same(&device->tickets[i], ticket), "ticket");
  }
}

static void check_device(const case_vector* round, const device_vector* device) {
  unsigned char words[MOST_WORD_BYTES];
  unsigned char public_key[TRIB_KEY_BYTES];
  trib_upload_name name;
  memcpy(name.ctx_hash, round->context_hash.bytes, sizeof name.ctx_hash);
  memcpy(name.device_id, device->id.bytes, sizeof name.device_id);
  memcpy(name.nonce, device->nonce.bytes, sizeof name.nonce);
  memcpy(words, device->words.bytes, device->words.size);
  crypto->x25519_base(public_key, device->secret.bytes);
  check(same(&device->public_key, public_key), "public key");
  check_pairs(round, device, &name, words);
  check_chunks(round, device, &name, words);
}

int main(void) {
  static const unsigned char zero[TRIB_KEY_BYTES];
  unsigned char out[TRIB_KEY_BYTES];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    check_context(&cases[i]);
    for (uint32_t j = 0; j < cases[i].device_count; ++j) {
      check_device(&cases[i], &cases[i].devices[j]);
    }
  }
  check(crypto->x25519(out, cases[0].devices[0].secret.bytes, zero) == TRIB_CRYPTO,
        "a shared secret of zeros");
  trib_console_text("selftest: ");
  trib_console_number((uint64_t)passed);
  trib_console_text(" passed, ");
  trib_console_number((uint64_t)failed);
  trib_console_text(" failed\n");
  return failed;
}
