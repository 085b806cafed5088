// Whole rounds of mode pairwise: C devices, and crypto/pairwise as the other end.
#include <doctest/doctest.h>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;

TEST_CASE("property 7: the sum over four devices that mask with each other is exact") {
  PairSite site;
  site.join();
  for (std::uint32_t slot = 1; slot <= 4; ++slot) REQUIRE(site.prekeys[slot].size() == 4);
  CHECK(site.prekeys.size() == 4);
  for (const std::uint32_t slot : {1U, 2U, 3U}) {
    CAPTURE(slot);
    site.open_round(slot);
    site.run();
    REQUIRE(site.round->uploads.size() == 4);
    site.close_round();
    site.run();
    CHECK(site.sum() == site.expected_sum());
    site.end_round();
    site.run();
    CHECK(site.prekeys[slot + 4].size() == 4);
  }
}
