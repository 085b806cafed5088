// Records on flash: what was saved is there after any loss of power, whole or as it was before, and wear is even.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "device-protocol/trainer/batch.h"
#include "tests/unit/ports/flash_array.hpp"

using port_test::FlashArray;

namespace {

std::uint32_t record(int number) {
  return static_cast<std::uint32_t>(number);
}

// Written as head and body, cut somewhere.
trib_status save(trib_flash_records& records, int number, const std::string& text) {
  const std::size_t head = text.size() / 3;
  return trib_flash_save(&records, record(number), text.data(), head, text.data() + head,
                         text.size() - head);
}

// What is there, read in pieces of 7; nullopt: nothing.
std::optional<std::string> load(const trib_flash_records& records, int number) {
  std::string text;
  char piece[7];
  std::size_t size = 0;
  for (;;) {
    const auto status =
        trib_flash_load(&records, record(number), text.size(), piece, sizeof piece, &size);
    if (status == TRIB_NOT_FOUND) return std::nullopt;
    REQUIRE(status == TRIB_OK);
    if (size == 0) return text;
    text.append(piece, size);
  }
}

using Contents = std::map<int, std::string>;

Contents contents(const trib_flash_records& records) {
  Contents all;
  for (int i = 1; i < TRIB_FLASH_RECORDS; ++i) {
    if (const auto text = load(records, i)) all[i] = *text;
  }
  return all;
}

// A seeded life: saves of all sizes and erasures. `before` and `after` are what may be found when the power fails.
struct Life {
  Contents before, after;
  bool ended_by_power = false;

  void run(FlashArray& flash, trib_flash_records& records, std::uint64_t seed, int steps) {
    for (int step = 0; step < steps && !flash.dead; ++step) {
      const std::uint64_t chance = trib_mix(seed + static_cast<std::uint64_t>(step));
      const int number = 1 + static_cast<int>(chance % 5);
      before = after;
      if (chance % 7 == 0) {
        after.erase(number);
        if (trib_flash_erase(&records, record(number)) == TRIB_OK) before = after;
      } else {
        after[number] = std::string(chance / 7 % 90, static_cast<char>('a' + step % 26));
        if (save(records, number, after[number]) == TRIB_OK) before = after;
      }
    }
    ended_by_power = flash.dead;
  }
};

}  // namespace

TEST_CASE("flash: what was saved is loaded, also after a reset, and what was erased is not") {
  FlashArray flash(256, 4, 2);
  trib_flash_records records;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  CHECK(contents(records).empty());
  Contents expected;
  for (int step = 0; step < 400; ++step) {
    const std::uint64_t chance = trib_mix(static_cast<std::uint64_t>(step));
    const int number = 1 + static_cast<int>(chance % (TRIB_FLASH_RECORDS - 1)) % 9;
    if (chance % 5 == 0) {
      REQUIRE(trib_flash_erase(&records, record(number)) == TRIB_OK);
      expected.erase(number);
    } else {
      const std::string text(chance / 5 % 60, static_cast<char>('a' + step % 26));
      REQUIRE(save(records, number, text) == TRIB_OK);
      expected[number] = text;
    }
    CHECK(contents(records) == expected);
    trib_flash_records again;
    REQUIRE(trib_flash_mount(&again, flash.port()) == TRIB_OK);
    CHECK(contents(again) == expected);
    CHECK(again.end == records.end);
  }
  CHECK_FALSE(flash.misused);
}

TEST_CASE("flash: power that fails at any write or erasure leaves the old record or the new one") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (int cut = 0;; ++cut) {
      CAPTURE(seed);
      CAPTURE(cut);
      FlashArray flash(128, 6, 2 + seed % 2);
      flash.seed = seed * 1000 + static_cast<std::uint64_t>(cut);
      trib_flash_records records;
      flash.cut_at = cut;
      Life life;
      if (trib_flash_mount(&records, flash.port()) == TRIB_OK) life.run(flash, records, seed, 60);
      if (!flash.dead) break;
      flash.dead = false;
      flash.cut_at.reset();
      REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
      const Contents found = contents(records);
      CHECK((found == life.before || found == life.after));
      // It goes on from there.
      REQUIRE(save(records, 1, "after the cut") == TRIB_OK);
      REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
      CHECK(load(records, 1) == "after the cut");
      CHECK_FALSE(flash.misused);
    }
  }
}

TEST_CASE("flash: power that fails again while it recovers") {
  for (int first = 0; first < 120; ++first) {
    for (int second = 1; second < 40; second += 3) {
      CAPTURE(first);
      CAPTURE(second);
      FlashArray flash(128, 4, 2);
      trib_flash_records records;
      REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
      flash.cut_at = flash.actions + first;
      Life life;
      life.run(flash, records, 7, 30);
      Contents old = life.before;
      flash.dead = false;
      flash.cut_at = flash.actions + second;
      if (trib_flash_mount(&records, flash.port()) == TRIB_OK) {
        old = contents(records);
        (void)save(records, 3, "second life");
      }
      flash.dead = false;
      flash.cut_at.reset();
      REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
      Contents fresh = old;
      fresh[3] = "second life";
      const Contents found = contents(records);
      CHECK((found == old || found == fresh || found == life.after));
      CHECK_FALSE(flash.misused);
    }
  }
}

TEST_CASE("flash: a refused action is reported, and costs nothing that was saved") {
  for (int fail = 0; fail < 300; ++fail) {
    CAPTURE(fail);
    FlashArray flash(128, 4, 2);
    trib_flash_records records;
    REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
    flash.fail_at = flash.actions + fail;
    Contents expected;
    for (int step = 0; step < 40; ++step) {
      const std::string text(static_cast<std::size_t>(step), 'x');
      if (save(records, 1 + step % 3, text) == TRIB_OK) expected[1 + step % 3] = text;
      CHECK(contents(records) == expected);
    }
    CHECK_FALSE(flash.misused);
  }
}

TEST_CASE("flash: every sector is erased equally often") {
  FlashArray flash(256, 3, 4);
  trib_flash_records records;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  for (int step = 0; step < 5000; ++step)
    REQUIRE(save(records, 1 + step % 2, std::string(40, 'w')) == TRIB_OK);
  const auto [least, most] = std::minmax_element(flash.erasures.begin(), flash.erasures.end());
  CHECK(*least > 50);
  CHECK(*most - *least <= 1);
}

TEST_CASE("flash: what does not fit is refused, and what was there stays") {
  FlashArray flash(128, 2, 2);
  trib_flash_records records;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  REQUIRE(save(records, 1, std::string(100, 'a')) == TRIB_OK);
  CHECK(save(records, 2, std::string(150, 'b')) == TRIB_STORAGE);
  CHECK(save(records, 2, std::string(5000, 'b')) == TRIB_STORAGE);
  CHECK(contents(records) == Contents{{1, std::string(100, 'a')}});
  CHECK(save(records, 1, std::string(150, 'c')) == TRIB_OK);
  CHECK(contents(records) == Contents{{1, std::string(150, 'c')}});
  CHECK(save(records, int{TRIB_FLASH_RECORDS}, "x") == TRIB_BAD_ARGUMENT);
  CHECK(save(records, 0, "x") == TRIB_BAD_ARGUMENT);
}

TEST_CASE("flash: a damaged entry is not believed") {
  FlashArray flash(256, 2, 2);
  trib_flash_records records;
  REQUIRE(trib_flash_mount(&records, flash.port()) == TRIB_OK);
  REQUIRE(save(records, 1, "the first") == TRIB_OK);
  const std::size_t begin = records.end;
  REQUIRE(save(records, 1, "the second") == TRIB_OK);
  for (std::size_t at = begin; at < begin + 16 + 10; ++at) {
    CAPTURE(at);
    flash.bytes[at] ^= 8;
    trib_flash_records again;
    REQUIRE(trib_flash_mount(&again, flash.port()) == TRIB_OK);
    CHECK(load(again, 1) == "the first");
    flash.bytes[at] ^= 8;
  }
}
