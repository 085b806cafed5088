/* What a device's daemon is told by its configuration file: lines of `name = value`, # begins a comment. */
#ifndef TRIBUTARY_PORTS_POSIX_DAEMON_SETTINGS_H
#define TRIBUTARY_PORTS_POSIX_DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { TRIB_SETTING_BYTES = 256 };

typedef struct trib_settings {
  char state[TRIB_SETTING_BYTES];       /* folder of the records, mode 0700, with the identity */
  char broker_host[TRIB_SETTING_BYTES]; /* name or address */
  char broker_port[TRIB_SETTING_BYTES]; /* number */
  char model[TRIB_SETTING_BYTES];       /* mlp:A-..-B, the task's */
  char data[TRIB_SETTING_BYTES];        /* CSV: numbers, then the class as a number from 0 */
  char
      password_file[TRIB_SETTING_BYTES]; /* optional: plain TCP with this password instead of TLS */
  uint32_t checkpoint_steps;             /* default 10 */
  uint32_t retry_ms;                     /* default 2000 */
  uint32_t largest_chunk;                /* bytes; default 65520 */
} trib_settings;

/* Says on stderr what is wrong and where; false then. */
bool trib_settings_read(trib_settings* settings, const char* path);

#endif
