#include "crypto/privacy/ledger.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace tributary::privacy;

TEST_CASE("a ledger spends exactly what the accountant says, and stops before the budget") {
  const Budget budget{2, 1e-6};
  Ledger ledger(budget, 10);
  CHECK(ledger.spent() == 0);
  const auto left = ledger.left();
  CHECK(left > 5);
  for (std::uint64_t round = 1; round <= left; ++round) {
    const auto next = ledger.debited(round);
    REQUIRE(next);
    CHECK(next->spent() > ledger.spent());
    CHECK(next->left() == left - round);
    ledger = *next;
  }
  CHECK(ledger.spent() <= budget.epsilon);
  CHECK(ledger.spent() == gaussian_epsilon(10, left, 1e-6));
  CHECK_FALSE(ledger.debited(left + 1));
  CHECK(gaussian_epsilon(10, left + 1, 1e-6) > budget.epsilon);
}

TEST_CASE("noise planned for so many participations pays for the last of them") {
  for (const double epsilon : {0.01, 0.1, 0.7, 1.0, 2.7, 8.0, 33.3}) {
    for (const std::uint64_t planned : {1U, 2U, 7U, 20U, 365U, 5000U}) {
      CAPTURE(epsilon);
      CAPTURE(planned);
      const Budget budget{epsilon, 1e-6};
      const double z = gaussian_noise_multiplier(budget, planned);
      CHECK(Ledger(budget, z, planned - 1).debited(planned));
      CHECK_FALSE(Ledger(budget, z, planned - 1).debited(planned + 1 + planned / 1000));
    }
  }
}

TEST_CASE("a ledger never goes down") {
  const Ledger ledger({8, 1e-6}, 10, 40);
  const auto same = ledger.debited(3);
  REQUIRE(same);
  CHECK(same->participations() == 40);
  CHECK(same->spent() == ledger.spent());
}

TEST_CASE("a budget too small for one release leaves none") {
  const Ledger ledger({0.01, 1e-6}, 1);
  CHECK(ledger.left() == 0);
  CHECK_FALSE(ledger.debited(1));
}

TEST_CASE("multipliers and deltas that make no sense are refused") {
  CHECK_THROWS_AS(Ledger({1, 0}, 1), std::invalid_argument);
  CHECK_THROWS_AS(Ledger({1, 1e-6}, 0), std::invalid_argument);
}
