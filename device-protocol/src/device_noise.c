#include "device-protocol/src/device_noise.h"

#include "device-protocol/src/bytes.h"
#include "device-protocol/src/discrete_gaussian.h"
#include "device-protocol/src/kdf.h"

/* Words under one key; each has 2^20 blocks of the key's stream, and needs two. */
enum { GROUP = 4096, BLOCKS_BITS = 20, METRIC_WORDS = 3 };

static uint32_t deviation_of(const trib_device_noise* noise, uint32_t word) {
  if (word < noise->parameters) return noise->model_deviation;
  return word - noise->parameters < METRIC_WORDS ? noise->metric_deviation : 0;
}

static void group_key(const trib_device_noise* noise, unsigned char out[TRIB_KEY_BYTES],
                      uint32_t group) {
  unsigned char number[4];
  const trib_part part = {number, sizeof number};
  trib_put32(number, group);
  trib_kdf(noise->crypto, out, noise->key, "device-noise-group", &part, 1);
}

static int32_t add(int32_t word, int64_t noise) {
  const uint32_t sum = (uint32_t)word + (uint32_t)noise;
  return sum <= INT32_MAX ? (int32_t)sum : -(int32_t)(UINT32_MAX - sum) - 1;
}

void trib_add_device_noise(const trib_device_noise* noise, int32_t* words, uint32_t first,
                           uint32_t count) {
  unsigned char key[TRIB_KEY_BYTES];
  uint32_t group = UINT32_MAX;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t word = first + i;
    const uint32_t deviation = deviation_of(noise, word);
    trib_secret_stream stream;
    if (deviation == 0) continue;
    if (word / GROUP != group) {
      group = word / GROUP;
      group_key(noise, key, group);
    }
    trib_stream_begin(&stream, noise->crypto, key, word % GROUP << BLOCKS_BITS);
    words[i] = add(words[i], trib_discrete_gaussian(&stream, deviation));
    trib_stream_end(&stream);
  }
  noise->crypto->wipe(key, sizeof key);
}
