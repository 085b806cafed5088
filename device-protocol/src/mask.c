#include "device-protocol/src/mask.h"

#include <string.h>

#include "device-protocol/src/bytes.h"

/* A stretch is whole words of every ring; with the bytes before it in its first ChaCha20 block it
 * fits the stream buffer. */
enum { BLOCK = 64, STRETCH = 192, STREAM = STRETCH + BLOCK };

static void add16(unsigned char* words, const unsigned char* mask, size_t size) {
  for (size_t i = 0; i < size; i += 2) {
    const uint32_t sum = ((uint32_t)words[i] | (uint32_t)words[i + 1] << 8) +
                         ((uint32_t)mask[i] | (uint32_t)mask[i + 1] << 8);
    words[i] = (unsigned char)sum;
    words[i + 1] = (unsigned char)(sum >> 8);
  }
}

static void add24(unsigned char* words, const unsigned char* mask, size_t size) {
  for (size_t i = 0; i < size; i += 3) {
    const uint32_t sum =
        ((uint32_t)words[i] | (uint32_t)words[i + 1] << 8 | (uint32_t)words[i + 2] << 16) +
        ((uint32_t)mask[i] | (uint32_t)mask[i + 1] << 8 | (uint32_t)mask[i + 2] << 16);
    words[i] = (unsigned char)sum;
    words[i + 1] = (unsigned char)(sum >> 8);
    words[i + 2] = (unsigned char)(sum >> 16);
  }
}

static void add32(unsigned char* words, const unsigned char* mask, size_t size) {
  for (size_t i = 0; i < size; i += 4) {
    trib_put32(words + i, trib_get32(words + i) + trib_get32(mask + i));
  }
}

trib_status trib_add_mask(const trib_crypto_port* crypto, unsigned bits,
                          const unsigned char seed[TRIB_KEY_BYTES], uint64_t offset,
                          unsigned char* words, size_t size) {
  unsigned char stream[STREAM];
  const size_t width = bits / 8;
  if ((bits != 16 && bits != 24 && bits != 32) || offset % width != 0 || size % width != 0) {
    return TRIB_BAD_ARGUMENT;
  }
  for (size_t at = 0; at < size; at += STRETCH) {
    const size_t stretch = size - at < STRETCH ? size - at : (size_t)STRETCH;
    const size_t skip = (size_t)((offset + at) % BLOCK);
    memset(stream, 0, skip + stretch);
    crypto->chacha20_xor(stream, skip + stretch, seed, (uint32_t)((offset + at) / BLOCK));
    if (bits == 16) {
      add16(words + at, stream + skip, stretch);
    } else if (bits == 24) {
      add24(words + at, stream + skip, stretch);
    } else {
      add32(words + at, stream + skip, stretch);
    }
  }
  crypto->wipe(stream, sizeof stream);
  return TRIB_OK;
}
