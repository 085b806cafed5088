#include "device-protocol/src/shamir.h"

#include <string.h>

/* Four field elements side by side in a word; the order of bytes does not matter. */
enum { LANES = TRIB_SHARE_BYTES / 4 };

static uint32_t times_x(uint32_t elements) {
  const uint32_t high = (elements >> 7) & 0x01010101U;
  return ((elements & 0x7f7f7f7fU) << 1) ^ (high * 0x1bU);
}

/* lanes *= point. The point is public: a branch on it tells nothing. */
static void multiply(uint32_t lanes[LANES], uint8_t point) {
  for (int i = 0; i < LANES; ++i) {
    uint32_t product = 0;
    for (int bit = 7; bit >= 0; --bit) {
      product = times_x(product);
      if (point >> bit & 1) product ^= lanes[i];
    }
    lanes[i] = product;
  }
}

static void add(uint32_t lanes[LANES], const unsigned char bytes[TRIB_SHARE_BYTES]) {
  for (int i = 0; i < LANES; ++i) {
    uint32_t addend;
    memcpy(&addend, bytes + 4 * i, sizeof addend);
    lanes[i] ^= addend;
  }
}

trib_status trib_shamir_share(const trib_crypto_port* crypto, unsigned char out[TRIB_SHARE_BYTES],
                              const unsigned char secret[TRIB_SHARE_BYTES],
                              const unsigned char* coefficients, uint8_t threshold, uint8_t point) {
  uint32_t value[LANES] = {0};
  if (threshold == 0 || point == 0) return TRIB_BAD_ARGUMENT;
  /* Horner's rule from the highest coefficient down to the secret. */
  for (size_t i = threshold - (size_t)1; i-- > 0;) {
    add(value, coefficients + i * TRIB_SHARE_BYTES);
    multiply(value, point);
  }
  add(value, secret);
  memcpy(out, value, sizeof value);
  crypto->wipe(value, sizeof value);
  return TRIB_OK;
}
