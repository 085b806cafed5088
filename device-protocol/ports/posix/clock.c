#include <time.h>

#include "device-protocol/ports/posix/posix.h"

uint64_t trib_posix_monotonic_ms(void* user) {
  struct timespec now;
  (void)user;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A clock before 2020 was never set: the port says that the time is not known. */
uint64_t trib_posix_unix_seconds(void* user) {
  const time_t now = time(NULL);
  (void)user;
  return now > 1577836800 ? (uint64_t)now : 0;
}
