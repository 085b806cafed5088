/* CRC-32 of IEEE 802.3 (zlib's), a nibble at a time: 64 bytes of table. */
#ifndef TRIBUTARY_PORTS_FLASH_CRC32_H
#define TRIBUTARY_PORTS_FLASH_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the bytes so far and these; begin with 0. */
uint32_t trib_crc32(uint32_t crc, const void* data, size_t size);

#ifdef __cplusplus
}
#endif
#endif
