// NOR flash in memory that counts what is done to it, refuses what flash cannot do, and loses power on demand: the
// action under way is then half done, in a way that follows from a seed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "device-protocol/ports/flash/records.h"

namespace port_test {

class FlashArray {
 public:
  FlashArray(std::uint32_t sector_bytes, std::uint32_t bank_sectors, std::uint32_t banks);

  const trib_flash* port() const { return &flash_; }

  int actions = 0;             // units programmed and sectors erased so far
  std::optional<int> cut_at;   // the power fails during this action
  std::optional<int> fail_at;  // this action is refused, nothing happens
  std::uint64_t seed = 1;      // of what a torn action leaves
  bool dead = false;
  bool misused = false;  // programmed twice without erasure, or beyond the end
  std::vector<int> erasures;
  std::vector<std::uint8_t> bytes;

 private:
  static trib_status read(void* user, std::uint32_t offset, void* out, std::uint32_t size);
  static trib_status program(void* user, std::uint32_t offset, const void* data,
                             std::uint32_t size);
  static trib_status erase(void* user, std::uint32_t offset);
  trib_status act();
  std::uint8_t chance();

  trib_flash flash_;
};

}  // namespace port_test
