#include "device-protocol/src/gaussian.h"

#include <math.h>
#include <string.h>

#include "device-protocol/src/bytes.h"

enum { BLOCK = 64, PAIRS = BLOCK / 8 };

void trib_add_gaussian(const trib_crypto_port* crypto, float* values, uint32_t count,
                       float deviation, const unsigned char key[TRIB_KEY_BYTES]) {
  const double two_pi = 6.283185307179586;
  unsigned char stream[BLOCK];
  uint32_t counter = 0;
  for (uint32_t i = 0; i < count;) {
    memset(stream, 0, sizeof stream);
    crypto->chacha20_xor(stream, sizeof stream, key, counter++);
    for (int pair = 0; pair < PAIRS && i < count; ++pair) {
      /* u in (0, 1]: the logarithm is finite. */
      const double u = ((double)trib_get32(stream + 8 * pair) + 1.0) / 4294967296.0;
      const double v = (double)trib_get32(stream + 8 * pair + 4) / 4294967296.0;
      const double radius = (double)deviation * sqrt(-2.0 * log(u));
      values[i] += (float)(radius * cos(two_pi * v));
      ++i;
      if (i < count) {
        values[i] += (float)(radius * sin(two_pi * v));
        ++i;
      }
    }
  }
  crypto->wipe(stream, sizeof stream);
}
