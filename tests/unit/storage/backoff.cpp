#include "storage/backoff.hpp"

#include <doctest/doctest.h>

using namespace tributary::storage;
using namespace std::chrono_literals;

TEST_CASE("the longest wait doubles up to the most") {
  const Backoff backoff{1s, 60s};
  const double almost_one = 0.999999;
  CHECK(backoff_delay(backoff, 1, almost_one) == 999ms);
  CHECK(backoff_delay(backoff, 2, almost_one) == 1999ms);
  CHECK(backoff_delay(backoff, 6, almost_one) == 31999ms);
  CHECK(backoff_delay(backoff, 7, almost_one) == 59999ms);
  CHECK(backoff_delay(backoff, 4'000'000'000, almost_one) == 59999ms);
}

TEST_CASE("jitter spreads from nothing to the whole") {
  const Backoff backoff{1s, 60s};
  CHECK(backoff_delay(backoff, 4, 0) == 0ms);
  CHECK(backoff_delay(backoff, 4, 0.5) == 4s);
  CHECK(backoff_delay(backoff, 0, 0.5) == 500ms);
}
