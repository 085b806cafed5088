/* The library's durable records on raw NOR flash: trib_storage_port for devices without a file system.
 *
 * The area is two or more banks of whole sectors, used one after the other in a ring, so that every
 * sector is erased equally often. A bank is a log:
 *
 *   bank header   magic u32, sequence u32, CRC-32 of both, 0xffffffff
 *   entry         head: magic u32, record u16, kind u16 (1 value, 2 erased), size u32, CRC-32 of these
 *                 `size` bytes, filled up with 0xff to a whole unit
 *                 tail: CRC-32 of head and bytes, the same inverted, 0xffffffff twice
 *   ...
 *   erased flash  all 0xff
 *
 * all little-endian. The latest whole entry of a record counts. When a bank is full, the live records move to
 * the next bank, whose header is written last: it takes over at that instant. A unit (the smallest
 * piece the flash programs, at most 16 bytes) is programmed once between two erasures, as flash with
 * error correction demands. Power may fail inside any call: what mount finds is the old record or the new one. */
#ifndef TRIBUTARY_PORTS_FLASH_RECORDS_H
#define TRIBUTARY_PORTS_FLASH_RECORDS_H

#include <stdbool.h>

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRIB_FLASH_RECORDS = 48, TRIB_FLASH_UNIT = 16 };

/* The flash itself. Offsets count from the area's start. Each returns TRIB_OK or TRIB_STORAGE. */
typedef struct trib_flash {
  void* user;
  trib_status (*read)(void* user, uint32_t offset, void* out, uint32_t size);
  /* Both are multiples of TRIB_FLASH_UNIT; the place is erased. */
  trib_status (*program)(void* user, uint32_t offset, const void* data, uint32_t size);
  /* offset: of a sector. */
  trib_status (*erase)(void* user, uint32_t offset);
  uint32_t sector_bytes; /* a multiple of TRIB_FLASH_UNIT */
  uint32_t bank_sectors; /* a bank holds all live records and the largest once more */
  uint32_t banks;        /* >= 2 */
} trib_flash;

/* Where things are; the caller's memory. */
typedef struct trib_flash_records {
  const trib_flash* flash;
  uint32_t sequence; /* of the bank in use; 0: none yet */
  uint32_t bank;
  uint32_t end; /* of what is written in it; bank size: nothing may be appended */
  uint32_t at[TRIB_FLASH_RECORDS]; /* offset in the bank of each record's head; 0: not there */
  uint32_t size[TRIB_FLASH_RECORDS];
} trib_flash_records;

/* Finds the records. An area without a valid bank is formatted. TRIB_BAD_ARGUMENT: a geometry that
 * cannot work. */
trib_status trib_flash_mount(trib_flash_records* records, const trib_flash* flash);

/* trib_storage_port, whose `user` leads here. record: 1 .. TRIB_FLASH_RECORDS - 1. A record that is
 * damaged in the flash is found so at mount, and is then what it was before. */
trib_status trib_flash_load(const trib_flash_records* records, uint32_t record, size_t offset,
                            void* out, size_t capacity, size_t* size);
/* TRIB_STORAGE: the flash failed, or the bank has no room for it. */
trib_status trib_flash_save(trib_flash_records* records, uint32_t record, const void* head,
                            size_t head_size, const void* body, size_t body_size);
trib_status trib_flash_erase(trib_flash_records* records, uint32_t record);

#ifdef __cplusplus
}
#endif
#endif
