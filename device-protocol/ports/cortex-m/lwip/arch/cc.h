/* What lwIP asks of the compiler and the board. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_LWIP_ARCH_CC_H
#define TRIBUTARY_PORTS_CORTEX_M_LWIP_ARCH_CC_H

#include <stdint.h>

void trib_lwip_broken(const char* text);
uint32_t trib_lwip_random(void);

#define LWIP_PLATFORM_DIAG(arguments)
#define LWIP_PLATFORM_ASSERT(text) trib_lwip_broken(text)
#define LWIP_RAND() trib_lwip_random()
#define LWIP_NO_UNISTD_H 1
#define BYTE_ORDER LITTLE_ENDIAN

#endif
