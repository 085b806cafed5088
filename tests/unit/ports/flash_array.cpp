#include "tests/unit/ports/flash_array.hpp"

#include <algorithm>
#include <cstring>

#include "device-protocol/trainer/batch.h"

namespace port_test {

FlashArray::FlashArray(std::uint32_t sector_bytes, std::uint32_t bank_sectors, std::uint32_t banks)
    : erasures(std::size_t{bank_sectors} * banks),
      bytes(std::size_t{sector_bytes} * bank_sectors * banks, 0xa5),
      flash_{this, read, program, erase, sector_bytes, bank_sectors, banks} {}

std::uint8_t FlashArray::chance() {
  seed = trib_mix(seed);
  return static_cast<std::uint8_t>(seed >> 32);
}

trib_status FlashArray::act() {
  if (dead) return TRIB_STORAGE;
  const int action = actions++;
  if (fail_at == action) return TRIB_STORAGE;
  if (cut_at == action) dead = true;
  return TRIB_OK;
}

trib_status FlashArray::read(void* user, std::uint32_t offset, void* out, std::uint32_t size) {
  auto& self = *static_cast<FlashArray*>(user);
  if (self.dead || std::size_t{offset} + size > self.bytes.size()) return TRIB_STORAGE;
  std::memcpy(out, self.bytes.data() + offset, size);
  return TRIB_OK;
}

trib_status FlashArray::program(void* user, std::uint32_t offset, const void* data,
                                std::uint32_t size) {
  auto& self = *static_cast<FlashArray*>(user);
  if (offset % TRIB_FLASH_UNIT != 0 || size % TRIB_FLASH_UNIT != 0 ||
      std::size_t{offset} + size > self.bytes.size()) {
    self.misused = true;
    return TRIB_STORAGE;
  }
  const auto* from = static_cast<const std::uint8_t*>(data);
  for (std::uint32_t at = 0; at < size; at += TRIB_FLASH_UNIT) {
    if (self.act() != TRIB_OK) return TRIB_STORAGE;
    for (std::uint32_t i = at; i < at + TRIB_FLASH_UNIT; ++i) {
      std::uint8_t& cell = self.bytes[offset + i];
      if (cell != 0xff) self.misused = true;
      // Of a torn unit any of the bits may have been cleared already.
      cell = static_cast<std::uint8_t>(cell & (from[i] | (self.dead ? self.chance() : 0)));
    }
    if (self.dead) return TRIB_STORAGE;
  }
  return TRIB_OK;
}

trib_status FlashArray::erase(void* user, std::uint32_t offset) {
  auto& self = *static_cast<FlashArray*>(user);
  const std::uint32_t sector = offset / self.flash_.sector_bytes;
  if (offset % self.flash_.sector_bytes != 0 || sector >= self.erasures.size()) {
    self.misused = true;
    return TRIB_STORAGE;
  }
  if (self.act() != TRIB_OK) return TRIB_STORAGE;
  self.erasures[sector] += 1;
  for (std::uint32_t i = 0; i < self.flash_.sector_bytes; ++i) {
    std::uint8_t& cell = self.bytes[offset + i];
    cell = self.dead ? static_cast<std::uint8_t>(cell | self.chance()) : std::uint8_t{0xff};
  }
  return self.dead ? TRIB_STORAGE : TRIB_OK;
}

}  // namespace port_test
