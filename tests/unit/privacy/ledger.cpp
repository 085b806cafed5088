#include "crypto/privacy/ledger.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace tributary::privacy;

TEST_CASE("R23: a ledger spends exactly what the accountant says, and stops before the budget") {
  const Budget budget{2, 1e-6};
  const Ledger ledger(budget, {10, {1, 1'000'000}, 1});
  CHECK(ledger.spent(0) == 0);
  const auto most = ledger.affordable_rounds();
  CHECK(most > 5);
  for (std::uint32_t round = 1; round <= most; ++round) {
    CHECK(ledger.spent(round) > ledger.spent(round - 1));
    CHECK(ledger.affords(round));
  }
  CHECK(ledger.spent(most) == doctest::Approx(gaussian_epsilon(10, most, 1e-6)).epsilon(1e-9));
  CHECK_FALSE(ledger.affords(most + 1));
  CHECK(gaussian_epsilon(10, most + 1, 1e-6) > budget.epsilon);
}

TEST_CASE("noise planned for so many participations pays for the last of them") {
  for (const double epsilon : {0.01, 0.1, 0.7, 1.0, 2.7, 8.0, 33.3}) {
    for (const std::uint32_t planned : {1U, 2U, 7U, 20U, 365U, 5000U}) {
      CAPTURE(epsilon);
      CAPTURE(planned);
      const Budget budget{epsilon, 1e-6};
      Terms terms{0, {1, planned}, 1};
      terms.noise_multiplier = multiplier_for(budget, terms, planned);
      CHECK(Ledger(budget, terms).affords(planned));
      terms.participation.cap = planned + 1 + planned / 1000;
      CHECK_FALSE(Ledger(budget, terms).affords(terms.participation.cap));
    }
  }
}

TEST_CASE("once the participation cap is reached, further rounds cost nothing") {
  const Ledger ledger({8, 1e-6}, {10, {2, 5}, 1});
  CHECK(ledger.spent(9) == ledger.spent(1'000'000));
  CHECK(ledger.spent(2) == ledger.spent(1));
  CHECK(ledger.spent(3) > ledger.spent(2));
  CHECK(ledger.spent(9) == doctest::Approx(gaussian_epsilon(10, 5, 1e-6)).epsilon(1e-9));
  CHECK(ledger.affordable_rounds() == UINT32_MAX);
}

TEST_CASE("correlated noise is paid for by the sensitivity of its matrix") {
  const Budget budget{4, 1e-6};
  Terms terms{0, {10, 4}, 10};
  terms.noise_multiplier = multiplier_for(budget, terms, 40);
  const Ledger ledger(budget, terms);
  CHECK(ledger.affords(40));
  CHECK(ledger.spent(40) == doctest::Approx(4).epsilon(1e-6));
  CHECK(ledger.spent(10) < ledger.spent(11));
  const double independent = gaussian_noise_multiplier(budget, 4);
  CHECK(terms.noise_multiplier > independent);  // a fresh vector weighs on ten rounds
}

TEST_CASE("a budget too small for one release affords none") {
  const Ledger ledger({0.01, 1e-6}, {1, {1, 1}, 1});
  CHECK(ledger.affordable_rounds() == 0);
  CHECK_FALSE(ledger.affords(1));
}

TEST_CASE("terms and deltas that make no sense are refused") {
  CHECK_THROWS_AS(Ledger({1, 0}, {1, {1, 1}, 1}), std::invalid_argument);
  CHECK_THROWS_AS(Ledger({1, 1e-6}, {0, {1, 1}, 1}), std::invalid_argument);
  CHECK_THROWS_AS(Ledger({1, 1e-6}, {1, {1, 1}, 2}), std::invalid_argument);
  CHECK_THROWS_AS(Ledger({1, 1e-6}, {1, {1, 0}, 1}), std::invalid_argument);
}
