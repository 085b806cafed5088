#include "cloud/cli/round_plan.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "cloud/cli/files.hpp"

using namespace tributary;
using namespace tributary::cli;

namespace {

RoundQuestion question(std::uint32_t devices, std::uint32_t parameters) {
  RoundQuestion asked;
  asked.devices = devices;
  asked.parameters = parameters;
  return asked;
}

}  // namespace

TEST_CASE("the narrowest ring that is fine enough, and sums that fit it") {
  const auto small = propose_round(question(100, 25450));
  CHECK(small.encoding.bits == crypto::RingBits::b16);
  CHECK(small.encoding.rotated);
  CHECK(small.encoding.cannot_wrap(100));
  CHECK(small.update_bytes < 2.06 * 25450);
  CHECK(propose_round(question(5000, 25450)).encoding.bits != crypto::RingBits::b16);
  auto wide = question(100, 25450);
  wide.ring_bits = crypto::RingBits::b32;
  CHECK_FALSE(propose_round(wide).encoding.rotated);
}

TEST_CASE("a cohort is what is left in nearly every round") {
  const auto plan = propose_round(question(100, 1000));
  CHECK(plan.cohort_size > 160);
  CHECK(plan.cohort_size < 180);
  CHECK(plan.over_selection == doctest::Approx(200.0 / plan.cohort_size));
  CHECK(plan.n_min >= 10);
  auto sure = question(20, 1000);
  sure.dropout = 0;
  CHECK(propose_round(sure).cohort_size == 40);
}

TEST_CASE("noise follows from the budget, and its price falls with the number of devices") {
  auto asked = question(100, 100'000);
  asked.epsilon = 8;
  const auto few = propose_round(asked);
  asked.devices = 1000;
  const auto many = propose_round(asked);
  CHECK(few.privacy.noise_multiplier == many.privacy.noise_multiplier);
  CHECK(few.noise_to_signal / many.noise_to_signal == doctest::Approx(10).epsilon(0.1));
  CHECK(proposal_text(asked, few).find("little would be learned") != std::string::npos);
  CHECK(proposal_object(asked, many).at("spec").at("privacy").at("epsilon").as_double() == 8);
}

TEST_CASE("what cannot be planned says what to change") {
  auto lonely = question(2, 10);
  lonely.dropout = 0.6;
  CHECK_THROWS_WITH_AS(propose_round(lonely), doctest::Contains("--devices"), CommandFault);
  auto narrow = question(5000, 1'000'000);
  narrow.ring_bits = crypto::RingBits::b16;
  narrow.epsilon = 0.5;
  CHECK_THROWS_WITH_AS(propose_round(narrow), doctest::Contains("--ring-bits"), CommandFault);
}
