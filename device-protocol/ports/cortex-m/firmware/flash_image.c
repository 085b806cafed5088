/* QEMU has no flash here: the PSRAM stands for it, backed by a file on the host, and this driver keeps to what flash
 * can do. */
#include "device-protocol/ports/cortex-m/firmware/flash_image.h"

#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/firmware/failpoint.h"
#include "device-protocol/ports/flash/crc32.h"

#define IMAGE ((unsigned char*)0x21000000)

void trib_failpoint_step(void) {
  static uint32_t step;
  volatile uint32_t* last = (volatile uint32_t*)(void*)(IMAGE + TRIB_IMAGE_FAILPOINT);
  step += 1;
  if (step != *last) return;
  *last = 0;
  trib_board_reset();
}

static trib_status read(void* user, uint32_t offset, void* out, uint32_t size) {
  (void)user;
  memcpy(out, IMAGE + TRIB_IMAGE_RECORDS + offset, size);
  return TRIB_OK;
}

static trib_status program(void* user, uint32_t offset, const void* data, uint32_t size) {
  volatile uint32_t* to = (volatile uint32_t*)(void*)(IMAGE + TRIB_IMAGE_RECORDS + offset);
  const unsigned char* from = (const unsigned char*)data;
  (void)user;
  for (uint32_t i = 0; i < size / 4; ++i) {
    uint32_t word;
    if (i == size / 8) trib_failpoint_step(); /* half of it is there */
    memcpy(&word, from + 4 * i, 4);
    if (to[i] != UINT32_MAX) return TRIB_STORAGE;
    to[i] = word;
  }
  return TRIB_OK;
}

static trib_status erase(void* user, uint32_t offset) {
  volatile uint32_t* at = (volatile uint32_t*)(void*)(IMAGE + TRIB_IMAGE_RECORDS + offset);
  (void)user;
  for (uint32_t i = 0; i < TRIB_IMAGE_SECTOR / 4; ++i) {
    if (i == TRIB_IMAGE_SECTOR / 8) trib_failpoint_step();
    at[i] = UINT32_MAX;
  }
  return TRIB_OK;
}

const trib_flash* trib_image_flash(void) {
  static const trib_flash flash = {
      NULL, read, program, erase, TRIB_IMAGE_SECTOR, TRIB_IMAGE_BANK_SECTORS, TRIB_IMAGE_BANKS};
  return &flash;
}

const trib_provisioning* trib_image_provisioning(void) {
  const trib_provisioning* at = (const trib_provisioning*)(const void*)IMAGE;
  const unsigned char* checked = at->address;
  if (memcmp(at->magic, "TRIBFLSH", sizeof at->magic) != 0 || at->version != 1 ||
      at->crc != trib_crc32(0, checked, sizeof *at - (size_t)(checked - IMAGE)) ||
      at->model[sizeof at->model - 1] != 0 || at->password[sizeof at->password - 1] != 0) {
    return NULL;
  }
  return at;
}

const float* trib_image_features(void) {
  return (const float*)(const void*)(IMAGE + TRIB_IMAGE_DATA);
}

const uint32_t* trib_image_labels(const trib_provisioning* provisioning) {
  const float* end = trib_image_features() + (size_t)provisioning->examples * provisioning->inputs;
  return (const uint32_t*)(const void*)end;
}
