/* Training data from a CSV file, into memory of its own. */
#ifndef TRIBUTARY_PORTS_POSIX_DAEMON_EXAMPLES_H
#define TRIBUTARY_PORTS_POSIX_DAEMON_EXAMPLES_H

#include <stdbool.h>

#include "device-protocol/trainer/mlp.h"

/* Rows of `shape`'s inputs and a class; says on stderr which row is not, false then. */
bool trib_examples_read(trib_examples* examples, const trib_mlp_shape* shape, const char* path);

#endif
