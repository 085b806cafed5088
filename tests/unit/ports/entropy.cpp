// Random numbers from a seed in flash: no start repeats another one, whatever happens to the power.
#include "device-protocol/ports/cortex-m/firmware/entropy.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>

#include "device-protocol/ports/cortex-m/firmware/flash_image.h"
#include "device-protocol/ports/posix/posix.h"
#include "tests/unit/ports/flash_array.hpp"

using port_test::FlashArray;

namespace {

using Draw = std::array<unsigned char, 24>;

// A start that gets as far as drawing; nullopt: the power failed before.
std::optional<Draw> draw_after_start(FlashArray& flash) {
  trib_flash_records records;
  trib_entropy entropy;
  if (trib_flash_mount(&records, flash.port()) != TRIB_OK ||
      trib_entropy_start(&entropy, &trib_posix_crypto, &records) != TRIB_OK) {
    return std::nullopt;
  }
  Draw draw;
  trib_entropy_draw(&entropy, draw.data(), draw.size());
  return draw;
}

void provision(FlashArray& flash) {
  trib_flash_records records;
  std::array<unsigned char, 32> seed{};
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  REQUIRE(trib_flash_save(&records, TRIB_RECORD_SEED, seed.data(), seed.size(), nullptr, 0) ==
          TRIB_OK);
}

}  // namespace

TEST_CASE("entropy: without a seed nothing is drawn") {
  REQUIRE(sodium_init() >= 0);
  FlashArray flash(256, 2, 2);
  trib_flash_records records;
  trib_entropy entropy;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  CHECK(trib_entropy_start(&entropy, &trib_posix_crypto, &records) == TRIB_NOT_FOUND);
}

TEST_CASE(
    "entropy: no draw is like another, within a start or of any two starts, with power failing at "
    "every action") {
  REQUIRE(sodium_init() >= 0);
  FlashArray flash(128, 2, 2);
  provision(flash);
  std::set<Draw> drawn;
  for (int i = 0; i < 400; ++i) {
    CAPTURE(i);
    if (i % 2 == 1) flash.cut_at = flash.actions + i / 2 % 12;
    const auto draw = draw_after_start(flash);
    flash.dead = false;
    flash.cut_at.reset();
    if (draw) CHECK(drawn.insert(*draw).second);
  }
  CHECK(drawn.size() > 200);
}

TEST_CASE("entropy: draws of a start differ and have all sizes") {
  REQUIRE(sodium_init() >= 0);
  FlashArray flash(256, 2, 2);
  provision(flash);
  trib_flash_records records;
  trib_entropy entropy;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  REQUIRE(trib_entropy_start(&entropy, &trib_posix_crypto, &records) == TRIB_OK);
  std::set<Draw> drawn;
  for (std::size_t size = 24; size < 300; ++size) {
    std::vector<unsigned char> bytes(size + 1, 0xee);
    trib_entropy_draw(&entropy, bytes.data(), size);
    CHECK(bytes[size] == 0xee);
    Draw first, last;
    std::copy_n(bytes.begin(), first.size(), first.begin());
    std::copy_n(bytes.end() - 1 - static_cast<std::ptrdiff_t>(last.size()), last.size(),
                last.begin());
    CHECK(drawn.insert(first).second);
    if (size >= 48) CHECK(drawn.insert(last).second);
  }
}
