#include "crypto/pairwise/parameters.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "crypto/pairwise/hypergeometric.hpp"
#include "tests/unit/pairwise/vectors.hpp"

using namespace tributary;
using namespace tributary::pairwise;

namespace {

constexpr GatewayModel semi_honest = GatewayModel::semi_honest;
constexpr GatewayModel active = GatewayModel::active;

std::uint32_t millionths(const boost::json::value& share) {
  return static_cast<std::uint32_t>(std::llround(share.as_double() * 1e6));
}

Parameters typical(std::uint32_t devices, GatewayModel gateway) {
  return *find_parameters({devices, 50'000, 100'000, gateway});
}

}  // namespace

TEST_CASE("the six reference rows, whose threshold is the smallest feasible") {
  const auto& table = tests::privacy_vectors().at("pairwise_graph_parameters");
  const auto& rows = table.at("rows").as_array();
  CHECK(rows.size() == 6);
  for (const auto& row : rows) {
    CAPTURE(boost::json::serialize(row));
    const auto found = find_parameters(
        {tests::number_of(row.at("n")), millionths(row.at("gamma_corrupt")),
         millionths(row.at("delta_dropout")), row.at("gateway") == "active" ? active : semi_honest,
         tests::number_of(table.at("sigma")), tests::number_of(table.at("eta")),
         /*neighbours_limit=*/2'000});
    REQUIRE(found);
    CHECK(found->neighbours == tests::number_of(row.at("k")));
    CHECK(found->threshold_min == tests::number_of(row.at("t")));
    CHECK(found->threshold >= found->threshold_min);
  }
}

TEST_CASE("5 % corrupt and 10 % dropped at sigma 40, eta 30: as in exact rational arithmetic") {
  CHECK(typical(100, semi_honest) == Parameters{16, 6, 6});
  CHECK(typical(100, active) == Parameters{26, 16, 16});
  CHECK(typical(300, semi_honest) == Parameters{32, 15, 15});
  CHECK(typical(300, active) == Parameters{60, 38, 38});
  CHECK(typical(1000, semi_honest) == Parameters{40, 19, 19});
  CHECK(typical(1000, active) == Parameters{90, 58, 58});
  // Up to 50 devices: everybody knows everybody.
  CHECK(typical(10, semi_honest) == Parameters{9, 1, 8});
  CHECK(typical(30, semi_honest) == Parameters{29, 2, 26});
  CHECK(typical(50, semi_honest) == Parameters{49, 3, 44});
  CHECK(*find_parameters({10, 100'000, 200'000, active}) == Parameters{9, 6, 7});
  CHECK(*find_parameters({50, 100'000, 200'000, active}) == Parameters{49, 28, 39});
}

TEST_CASE("where drop-outs could tear the graph apart, connectivity asks for more neighbours") {
  // Without it 54 neighbours would do.
  CHECK(*find_parameters({1000, 0, 600'000, semi_honest}) == Parameters{78, 1, 5});
}

TEST_CASE("a share of devices is exact: 29 % of 100 are 29") {
  // With 28 corrupt devices t1 is 28, with 29 it is 29 in a complete graph.
  CHECK(find_parameters({50, 580'000, 0, semi_honest})->threshold_min == 30);
  CHECK(find_parameters({50, 579'999, 0, semi_honest})->threshold_min == 29);
}

TEST_CASE("what cannot be had says why") {
  const auto too_wide = find_parameters({1000, 330'000, 330'000, semi_honest, 40, 20});
  REQUIRE(!too_wide);
  CHECK(too_wide.reason().neighbours_needed == 286);
  const auto never = find_parameters({40, 500'000, 500'000, semi_honest});
  REQUIRE(!never);
  CHECK(!never.reason().neighbours_needed);
}

TEST_CASE("assumptions outside their ranges are a programming error") {
  CHECK_THROWS_AS((void)find_parameters({2, 0, 0, active}), std::invalid_argument);
  CHECK_THROWS_AS((void)find_parameters({100'001, 0, 0, active}), std::invalid_argument);
  CHECK_THROWS_AS((void)find_parameters({100, 1'000'000, 0, active}), std::invalid_argument);
  CHECK_THROWS_AS((void)find_parameters({100, 0, 1'000'000, active}), std::invalid_argument);
  CHECK_THROWS_AS((void)find_parameters({100, 0, 0, active, 0}), std::invalid_argument);
  CHECK_THROWS_AS((void)find_parameters({100, 0, 0, active, 40, 129}), std::invalid_argument);
}

TEST_CASE(
    "probabilities: small ones by hand, all of them sum to one, far tails keep their digits") {
  const LogFactorials factorials(5000);
  const Hypergeometric cards(factorials, 52, 4, 5);
  CHECK(std::exp2(static_cast<double>(cards.log2_of(2))) == doctest::Approx(103776.0 / 2598960));
  CHECK(std::isinf(cards.log2_of(5)));
  for (const std::uint32_t draws : {1U, 40U, 254U, 4999U}) {
    const Hypergeometric fleet(factorials, 5000, 250, draws);
    long double whole = fleet.log2_of(fleet.least());
    for (auto x = fleet.least() + 1; x <= fleet.most(); ++x) {
      whole = log2_sum(whole, fleet.log2_of(x));
    }
    CHECK(static_cast<double>(std::fabs(whole)) < 1e-13);
  }
  // All 40 of 40 drawn are among 250 marked of 5,000: a product of 40 fractions, about 2^-176.
  long double product = 0;
  for (int i = 0; i < 40; ++i) product += std::log2((250.0L - i) / (5000.0L - i));
  const auto far = Hypergeometric(factorials, 5000, 250, 40).log2_of(40);
  CHECK(static_cast<double>(std::fabs(far - product)) < 1e-12);
  CHECK(far < -170);
}

TEST_CASE("quantiles are the definitions, at bounds down to 2^-60") {
  const LogFactorials factorials(5000);
  for (const int log2_bound : {-3, -20, -40, -60}) {
    for (const std::uint32_t marked : {0U, 1U, 250U, 2500U, 5000U}) {
      const Hypergeometric fleet(factorials, 5000, marked, 60);
      const auto upper = fleet.upper_quantile(log2_bound);
      const auto lower = fleet.lower_quantile(log2_bound);
      const auto above = [&](std::uint32_t t) {  // Pr[X > t] <= bound, summed from the far end
        long double tail = -HUGE_VALL;
        for (std::uint32_t x = 60; x > t; --x) tail = log2_sum(tail, fleet.log2_of(x));
        return tail <= log2_bound;
      };
      const auto below = [&](std::uint32_t t) {
        long double tail = -HUGE_VALL;
        for (std::uint32_t x = 0; x < t; ++x) tail = log2_sum(tail, fleet.log2_of(x));
        return tail <= log2_bound;
      };
      CHECK(above(upper));
      CHECK((upper == 0 || !above(upper - 1)));
      CHECK(below(lower));
      CHECK(!below(lower + 1));
    }
  }
}
