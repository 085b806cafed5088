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

TEST_CASE("a budget of bytes chooses the blocks that fit, as many as do") {
  auto asked = question(100, 25450);
  const auto all = propose_round(asked);
  CHECK(all.blocks == 0);
  CHECK(all.noise_to_signal == 0);
  asked.update_bytes = all.update_bytes;
  CHECK(propose_round(asked).blocks == 0);
  for (const std::uint32_t bytes : {300U, 5000U, 20000U, all.update_bytes - 1}) {
    CAPTURE(bytes);
    asked.update_bytes = bytes;
    const auto some = propose_round(asked);
    CHECK(some.blocks > 0);
    CHECK(some.encoding.parameters == some.blocks * 64);
    CHECK(some.update_bytes <= bytes);
    CHECK(some.update_bytes + 64 * crypto::word_bytes(some.encoding.bits) + 52 > bytes);
    CHECK(some.encoding.cannot_wrap(100));
    CHECK(proposal_text(asked, some).find("blocks of 64") != std::string::npos);
    CHECK(proposal_object(asked, some).at("spec").at("subset").at("share").as_double() ==
          doctest::Approx(some.blocks / 398.0));
  }
  asked.ring_bits = crypto::RingBits::b32;
  asked.update_bytes = 256;
  CHECK_THROWS_WITH_AS(propose_round(asked), doctest::Contains("--bytes"), CommandFault);
}

TEST_CASE("device noise takes room and is told against the signal; pairwise names its neighbours") {
  auto asked = question(100, 1000);
  asked.ring_bits = crypto::RingBits::b32;
  const auto quiet = propose_round(asked);
  asked.device_noise = 1;
  const auto noisy = propose_round(asked);
  CHECK(noisy.encoding.scale_log2 < quiet.encoding.scale_log2);
  CHECK(noisy.encoding.cannot_wrap(100));
  CHECK(noisy.noise_to_signal > 0);
  CHECK(proposal_text(asked, noisy).find("Device noise") != std::string::npos);
  CHECK(proposal_object(asked, noisy).at("spec").at("privacy").at("device_noise").as_double() == 1);
  asked.pairwise = true;
  asked.helpers = 0;
  const auto between = propose_round(asked);
  REQUIRE(between.neighbourhood);
  CHECK(between.neighbourhood->threshold <= between.neighbourhood->neighbours);
  CHECK(proposal_object(asked, between).at("spec").at("mode").as_string() == "pairwise");
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
