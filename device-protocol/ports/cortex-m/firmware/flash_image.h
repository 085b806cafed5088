/* What is in the device's flash: written at provisioning by ports/cortex-m/flash-image, read in place.
 *
 *   0x00000  provisioning (trib_provisioning)
 *   0x0f000  the failpoint of tests, else 0 (failpoint.h)
 *   0x10000  training data: floats [examples][inputs], then u32 labels [examples]
 *   0x80000  records: 4 banks of 8 sectors of 4 KiB (ports/flash/records.h), with the identity in the first */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_FLASH_IMAGE_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_FLASH_IMAGE_H

#include "device-protocol/ports/flash/records.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  TRIB_IMAGE_FAILPOINT = 0xf000,
  TRIB_IMAGE_DATA = 0x10000,
  TRIB_IMAGE_RECORDS = 0x80000,
  TRIB_IMAGE_SECTOR = 4096,
  TRIB_IMAGE_BANK_SECTORS = 8,
  TRIB_IMAGE_BANKS = 4,
  /* Of this port, beside the library's. */
  TRIB_RECORD_SEED = 40
};

/* Little-endian, packed by construction; strings end with 0. */
typedef struct trib_provisioning {
  unsigned char magic[8]; /* "TRIBFLSH" */
  uint32_t version;       /* 1 */
  uint32_t crc;           /* CRC-32 of all that follows */
  unsigned char address[4];
  unsigned char netmask[4];
  unsigned char router[4];
  unsigned char broker[4];
  uint32_t broker_port;
  uint32_t inputs;
  uint32_t examples;
  char model[64];
  char password[68]; /* for the broker's plain listener; empty: none */
} trib_provisioning;

/* NULL: nothing valid is there. */
const trib_provisioning* trib_image_provisioning(void);
const float* trib_image_features(void);
const uint32_t* trib_image_labels(const trib_provisioning* provisioning);
/* The records' part of the flash. */
const trib_flash* trib_image_flash(void);

#ifdef __cplusplus
}
#endif
#endif
