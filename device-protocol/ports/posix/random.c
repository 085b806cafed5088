#include <sodium.h>

#include "device-protocol/ports/posix/posix.h"

trib_status trib_posix_random(void* user, void* out, size_t size) {
  (void)user;
  if (sodium_init() < 0) return TRIB_CRYPTO;
  randombytes_buf(out, size);
  return TRIB_OK;
}
