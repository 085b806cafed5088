/* Which crypto port an image is built with: TRIB_CRYPTO_PORT. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_CRYPTO_CHOICE_H
#define TRIBUTARY_PORTS_CORTEX_M_CRYPTO_CHOICE_H

#ifdef TRIB_CRYPTO_SODIUM
#include "device-protocol/ports/posix/posix.h"
#define TRIB_CRYPTO_PORT trib_posix_crypto
#else
#include "device-protocol/ports/bearssl/bearssl_port.h"
#define TRIB_CRYPTO_PORT trib_bearssl_crypto
#endif

#endif
