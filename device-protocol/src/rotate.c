#include "device-protocol/src/rotate.h"

#include <math.h>
#include <string.h>

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/kdf.h"

enum { MOST_IN_BLOCK = 4096, STREAM_BYTES = 64, STREAM_BITS = 8 * STREAM_BYTES };

/* Public signs: bit t of a ChaCha20 key stream, one 64-byte block of it at a time. */
typedef struct sign_stream {
  const trib_crypto_port* crypto;
  const unsigned char* seed;
  uint32_t block;
  unsigned char bytes[STREAM_BYTES];
} sign_stream;

static int minus(sign_stream* signs, uint32_t t) {
  const uint32_t block = t / STREAM_BITS;
  const uint32_t bit = t % STREAM_BITS;
  if (block != signs->block) {
    memset(signs->bytes, 0, sizeof signs->bytes);
    signs->crypto->chacha20_xor(signs->bytes, sizeof signs->bytes, signs->seed, block);
    signs->block = block;
  }
  return signs->bytes[bit / 8] >> (bit % 8) & 1;
}

/* Fast Walsh-Hadamard transform without its factor 1/sqrt(size). */
static void transform(float* values, uint32_t size) {
  for (uint32_t half = 1; half < size; half *= 2) {
    for (uint32_t at = 0; at < size; at += 2 * half) {
      for (uint32_t i = at; i < at + half; ++i) {
        const float a = values[i];
        const float b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
}

static void rotate_block(float* values, uint32_t size, sign_stream* signs, uint32_t index) {
  const float factor = (float)(1.0 / sqrt((double)size));
  for (uint32_t i = 0; i < size; ++i) {
    values[i] *= minus(signs, index * size + i) ? -factor : factor;
  }
  transform(values, size);
}

static void unrotate_block(float* values, uint32_t size, sign_stream* signs, uint32_t index) {
  const float factor = (float)(1.0 / sqrt((double)size));
  transform(values, size);
  for (uint32_t i = 0; i < size; ++i) {
    values[i] *= minus(signs, index * size + i) ? -factor : factor;
  }
}

static void begin_signs(sign_stream* signs, const trib_crypto_port* crypto,
                        const unsigned char* seed) {
  signs->crypto = crypto;
  signs->seed = seed;
  signs->block = UINT32_MAX;
}

uint32_t trib_rotation_block(uint32_t count) {
  uint32_t size = 1;
  while (size < MOST_IN_BLOCK && 2 * size <= count) size *= 2;
  return size;
}

void trib_rotation_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                        const unsigned char task_id[TRIB_ID_BYTES], uint64_t round) {
  unsigned char number[8];
  const trib_part parts[] = {{task_id, TRIB_ID_BYTES}, {number, sizeof number}};
  trib_put64(number, round);
  trib_hash(crypto, out, "rotation", parts, 2);
}

void trib_rotate(const trib_crypto_port* crypto, float* values, uint32_t count,
                 const unsigned char seed[TRIB_KEY_BYTES]) {
  const uint32_t size = trib_rotation_block(count);
  sign_stream signs;
  begin_signs(&signs, crypto, seed);
  for (uint32_t index = 0; index < count / size; ++index) {
    rotate_block(values + index * size, size, &signs, index);
  }
  /* What is left over is turned together with the end of the last block: nothing is padded. */
  if (count % size != 0) rotate_block(values + count - size, size, &signs, count / size);
}

void trib_unrotate(const trib_crypto_port* crypto, float* values, uint32_t count,
                   const unsigned char seed[TRIB_KEY_BYTES]) {
  const uint32_t size = trib_rotation_block(count);
  sign_stream signs;
  begin_signs(&signs, crypto, seed);
  if (count % size != 0) unrotate_block(values + count - size, size, &signs, count / size);
  for (uint32_t index = count / size; index-- > 0;) {
    unrotate_block(values + index * size, size, &signs, index);
  }
}
