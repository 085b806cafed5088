/* What the few files of libsodium that are linked expect of the rest. Nothing here asks libsodium for
 * random numbers; whoever does is stopped. */
#include <stddef.h>
#include <stdint.h>

#include "device-protocol/ports/cortex-m/board/board.h"

void sodium_misuse(void);
void randombytes_buf(void* out, size_t size);
int sodium_crit_enter(void);
int sodium_crit_leave(void);

void sodium_misuse(void) {
  trib_board_exit(98);
}

void randombytes_buf(void* out, size_t size) {
  (void)out;
  (void)size;
  trib_board_exit(98);
}

int sodium_crit_enter(void) {
  return 0;
}

int sodium_crit_leave(void) {
  return 0;
}
