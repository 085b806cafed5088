/* What the steps of a round cost on this core: instructions, counted under QEMU's -icount, and stack. Prints a line per
 * step: name, instructions, bytes of stack. */
#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/crypto_choice.h"
#include "device-protocol/src/derive.h"
#include "device-protocol/src/encode.h"
#include "device-protocol/src/mask.h"
#include "device-protocol/src/seal.h"
#include "device-protocol/trainer/mlp.h"
#include "tributary/client.h"

enum { CHUNK = 4080, WORDS = CHUNK / 4, PARAMETERS = 35 * 32 + 32 + 32 * 5 + 5, BATCH = 8 };

static const trib_crypto_port* const crypto = &TRIB_CRYPTO_PORT;
static unsigned char chunk[CHUNK + TRIB_TAG_BYTES];
static unsigned char key[TRIB_KEY_BYTES] = {9};
static unsigned char other[TRIB_KEY_BYTES];
static trib_upload_name name;
static float weights[PARAMETERS], gradient[PARAMETERS], features[BATCH * 35], scratch[128];
static uint32_t labels[BATCH];
static trib_mlp mlp;
static volatile int wrong;

static void measure(const char* step, void (*run)(void)) {
  uint64_t begin;
  uint64_t ticks;
  trib_stack_paint();
  begin = trib_ticks();
  run();
  ticks = trib_ticks() - begin;
  trib_console_text(step);
  trib_console_text(" ");
  trib_console_number(trib_instructions(ticks));
  trib_console_text(" ");
  trib_console_number(trib_stack_used());
  trib_console_text("\n");
}

static void nothing(void) {}

static void key_agreement(void) {
  trib_pair_party party;
  unsigned char pair_key[TRIB_KEY_BYTES];
  memset(&party, 0, sizeof party);
  memcpy(party.public_key, other, sizeof other);
  wrong |= trib_pair_key(crypto, pair_key, key, name.device_id, &party, NULL, 0) != TRIB_OK;
}

static unsigned char signature[TRIB_SIGNATURE_BYTES];
static unsigned char verify_key[TRIB_KEY_BYTES];

static void sign(void) {
  wrong |= trib_sign_body(crypto, "ctx", chunk, 400, signature, key) != TRIB_OK;
}

static void signature_check(void) {
  wrong |= trib_verify_body(crypto, "ctx", chunk, 400, signature, verify_key) != TRIB_OK;
}

static void training(void) {
  trib_batch_report report;
  wrong |= trib_mlp_gradient(&mlp, weights, gradient, BATCH, 1, 0, &report) != TRIB_OK;
}

static void encode(void) {
  static int32_t words[WORDS];
  static const trib_encoding encoding = {.ring_bits = 32,
                                         .scale_log2 = 16,
                                         .clip_l2 = 10.0F,
                                         .clip_inf = 1.0F,
                                         .weight_examples_cap = 4000,
                                         .weight_scale_log2 = 10,
                                         .loss_cap = 10.0F,
                                         .canary_words = 4};
  static const trib_update_summary summary = {100, 0.5F, 50, 100};
  trib_encode_words(words, 0, WORDS, weights, PARAMETERS, &encoding, &summary, NULL);
}

static void mask(void) {
  wrong |= trib_add_mask(crypto, 32, key, 0, chunk, CHUNK) != TRIB_OK;
}

static void seal(void) {
  const trib_chunk_place place = {&name, 0, 1, 32};
  trib_seal_chunk(crypto, key, &place, chunk, CHUNK);
}

static void chacha20(void) {
  crypto->chacha20_xor(chunk, CHUNK, key, 0);
}

static void aead(void) {
  static const unsigned char nonce[12];
  crypto->aead_seal(chunk, CHUNK, chunk + CHUNK, NULL, 0, nonce, key);
}

static void ticket(void) {
  unsigned char mac[TRIB_MAC_BYTES];
  trib_ticket(crypto, mac, key, &name, key);
}

static void sha256(void) {
  trib_sha256_state state;
  unsigned char hash[TRIB_HASH_BYTES];
  crypto->sha256_init(&state);
  crypto->sha256_update(&state, chunk, CHUNK);
  crypto->sha256_final(&state, hash);
}

/* The verify key of the seed in `key`. */
static const unsigned char KEY_OF_NINE[TRIB_KEY_BYTES] = {
    0xbb, 0x5c, 0x67, 0x24, 0x82, 0xb0, 0xdc, 0xca, 0x91, 0xa2, 0x1a, 0x4e, 0xd6, 0x3b, 0x15, 0xaf,
    0xde, 0x8a, 0xa1, 0x37, 0x8d, 0xa7, 0x2c, 0xd0, 0x1b, 0x34, 0x95, 0x89, 0xd6, 0xe7, 0xdd, 0x6a};

int main(void) {
  trib_console_line("client_bytes", trib_client_size());
  (void)trib_mlp_parse(&mlp.shape, "mlp:35-32-5");
  trib_mlp_init(&mlp.shape, weights, 1);
  mlp.scratch = scratch;
  mlp.examples.features = features;
  mlp.examples.labels = labels;
  mlp.examples.count = BATCH;
  for (int i = 0; i < BATCH * 35; ++i) features[i] = (float)(i % 7) - 3.0F;
  memcpy(verify_key, KEY_OF_NINE, sizeof verify_key);
  crypto->x25519_base(other, key);
  measure("nothing", nothing);
  measure("key_agreement", key_agreement);
  measure("sign", sign);
  measure("signature_check", signature_check);
  measure("training_8_samples", training);
  measure("encode_1020_words", encode);
  measure("mask_4080_bytes", mask);
  measure("seal_4080_bytes", seal);
  measure("chacha20_4080_bytes", chacha20);
  measure("aead_4080_bytes", aead);
  measure("sha256_4080_bytes", sha256);
  measure("ticket", ticket);
  return wrong;
}
