#include "gateway/round/quarantine.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::gateway::round;
using namespace std::chrono_literals;

namespace {

DeviceId device(std::uint32_t number) {
  DeviceId id;
  for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

constexpr Instant start = 1000s;
const std::uint32_t malformed = Quarantine::points(v1::REJECT_MALFORMED);

// Sends malformed messages until the quarantine begins; how many it took.
int flood(Quarantine& quarantine, const DeviceId& who, Instant now) {
  for (int sent = 1; sent < 10'000; ++sent) {
    if (quarantine.charge(who, malformed, now)) return sent;
  }
  return 0;
}

}  // namespace

TEST_CASE("R13: a device that floods is not listened to, others are, and it is heard again later") {
  Quarantine quarantine;
  CHECK(flood(quarantine, device(1), start) ==
        static_cast<int>(Quarantine::most_points / malformed));
  CHECK(quarantine.holds(device(1), start));
  CHECK(quarantine.held(start) == 1);
  CHECK_FALSE(quarantine.holds(device(2), start));
  CHECK(quarantine.holds(device(1), start + 60s - 1ms));
  CHECK_FALSE(quarantine.holds(device(1), start + 60s));
  CHECK(quarantine.held(start + 60s) == 0);
  // Said once: what comes during the quarantine begins no other.
  CHECK(flood(quarantine, device(3), start) > 0);
  CHECK_FALSE(quarantine.charge(device(3), 10'000, start + 1s));
  CHECK(quarantine.left(device(3), start + 1s) == 59s);
}

TEST_CASE(
    "R13: every quarantine is twice as long, at most an hour, and a minute again after a quiet "
    "day") {
  Quarantine quarantine;
  Instant now = start;
  std::vector<Instant> lengths;
  for (int i = 0; i < 8; ++i) {
    REQUIRE(flood(quarantine, device(1), now) > 0);
    lengths.push_back(quarantine.left(device(1), now));
    now += lengths.back();
  }
  CHECK(lengths == std::vector<Instant>{1min, 2min, 4min, 8min, 16min, 32min, 60min, 60min});
  now += Quarantine::memory;
  REQUIRE(flood(quarantine, device(1), now) > 0);
  CHECK(quarantine.left(device(1), now) == 1min);
}

TEST_CASE(
    "R13: bad luck is forgiven: few faults, slow ones, those of the gateway, those of one broken "
    "upload") {
  Quarantine quarantine;
  Instant now = start;
  for (int i = 0; i < 5000; ++i, now += 2s) {
    REQUIRE_FALSE(quarantine.charge(device(1), malformed, now));
  }
  for (const auto reason : {v1::REJECT_BUSY, v1::REJECT_STORAGE}) {
    CHECK(Quarantine::points(reason) == 0);
    for (int i = 0; i < 5000; ++i) {
      REQUIRE_FALSE(quarantine.charge(device(2), Quarantine::points(reason), now));
    }
  }
  // A credit's worth of chunks that do not open, at once.
  for (int i = 0; i < 200; ++i) {
    REQUIRE_FALSE(quarantine.charge(device(3), Quarantine::points(v1::REJECT_BAD_CHUNK), now));
  }
  // A request for every single chunk, as fast as the network is.
  for (int i = 0; i < 5000; ++i) {
    REQUIRE_FALSE(quarantine.charge(device(4), Quarantine::ask_again, now));
    quarantine.progress(device(4));
  }
}

TEST_CASE("R13: what is remembered is bounded, and who is in quarantine stays in it") {
  Quarantine quarantine;
  REQUIRE(flood(quarantine, device(0), start) > 0);
  for (std::uint32_t i = 1; i < Quarantine::most_devices; ++i) {
    CHECK_FALSE(quarantine.charge(device(i), 1, start));
  }
  for (std::uint32_t i = 0; i < 1000; ++i) {
    CHECK_FALSE(quarantine.charge(device(66'666), 1, start));  // one more than is remembered
  }
  CHECK(quarantine.holds(device(0), start));
  // Those that have only a point each are forgotten a moment later, and new floods are noticed.
  CHECK(flood(quarantine, device(77'777), start + 1s) > 0);
  CHECK(quarantine.holds(device(0), start + 1s));
}

TEST_CASE("every reason has points, or none because it is not the device's fault") {
  for (int reason = v1::RejectReason_MIN + 1; reason <= v1::RejectReason_MAX; ++reason) {
    if (!v1::RejectReason_IsValid(reason)) continue;
    const auto which = static_cast<v1::RejectReason>(reason);
    const bool own_trouble = which == v1::REJECT_BUSY || which == v1::REJECT_STORAGE;
    CAPTURE(v1::RejectReason_Name(which));
    CHECK((Quarantine::points(which) == 0) == own_trouble);
  }
}
