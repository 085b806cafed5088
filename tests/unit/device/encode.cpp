#include "device-protocol/src/encode.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "crypto/quantise.hpp"

namespace {

trib_encoding encoding(double clip_l2 = 1.0, double clip_inf = 1.0, std::int32_t scale = 20) {
  return {
      32,    scale, static_cast<float>(clip_l2), static_cast<float>(clip_inf), 100, 20, 10.0F, 4,
      false, 0};
}
constexpr trib_update_summary full = {100, 2.5F, 3, 4};

}  // namespace

TEST_CASE("the words of an update") {
  const std::vector<float> delta = {0.5F, -0.5F, 0.0000001F, -0.0000001F};
  const auto terms = encoding();
  std::vector<std::int32_t> words(trib_word_count(&terms, 4));
  REQUIRE(words.size() == 4 + 3 + 4);
  trib_encode_words(words.data(), 0, 11, delta.data(), 4, &terms, &full, nullptr);
  CHECK(words == std::vector<std::int32_t>{1 << 19, -(1 << 19), 0, 0, 1 << 20, (1 << 20) / 4,
                                           (1 << 20) / 4 * 3, 0, 0, 0, 0});
  SUBCASE("a range gives the same words as the whole") {
    for (std::uint32_t first = 0; first < 11; ++first) {
      std::int32_t word = 0;
      trib_encode_words(&word, first, 1, delta.data(), 4, &terms, &full, nullptr);
      CHECK(word == words[first]);
    }
  }
  SUBCASE("few examples weigh less, never nothing") {
    const trib_update_summary quarter = {25, 2.5F, 3, 4};
    trib_encode_words(words.data(), 0, 11, delta.data(), 4, &terms, &quarter, nullptr);
    CHECK(words[0] == 1 << 17);
    CHECK(words[4] == 1 << 18);
    trib_encoding steep = terms;
    steep.weight_examples_cap = 4000000000U;
    const trib_update_summary one = {1, 2.5F, 0, 1};
    trib_encode_words(words.data(), 0, 11, delta.data(), 4, &steep, &one, nullptr);
    CHECK(words[4] == 1);
  }
  SUBCASE("a loss above its cap is the cap") {
    const trib_update_summary wild = {100, 1e30F, 0, 4};
    trib_encode_words(words.data(), 0, 11, delta.data(), 4, &terms, &wild, nullptr);
    CHECK(words[5] == 1 << 20);
    CHECK(words[6] == 0);
  }
}

TEST_CASE("clipping: coordinates first, then the norm, and never outside the bounds") {
  for (const float size : {0.01F, 0.3F, 1.0F, 77.0F, 1e20F}) {
    const auto terms = encoding(0.9, 0.2);
    std::vector<float> weights(1000, size);
    REQUIRE(trib_clip(weights.data(), 1000, &terms) == TRIB_OK);
    double square = 0;
    for (const float value : weights) {
      CHECK(std::fabs(value) <= 0.2F);
      square += double{value} * double{value};
    }
    CHECK(square <= 0.81);
    CHECK(trib_check_bounds(weights.data(), 1000, &terms, &full, nullptr) == TRIB_OK);
  }
}

TEST_CASE("NaN and infinity are refused wherever they stand") {
  const auto terms = encoding();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (std::size_t at = 0; at < 8; ++at) {
      std::vector<float> weights(8, 0.1F);
      weights[at] = bad;
      CHECK(trib_clip(weights.data(), 8, &terms) == TRIB_NOT_FINITE);
      CHECK(trib_check_bounds(weights.data(), 8, &terms, &full, nullptr) != TRIB_OK);
    }
  }
}

TEST_CASE("rule D8: the integer bounds are exact") {
  const auto terms = encoding(1.0, 1.0, 10);
  const std::vector<float> edge = {1.0F};
  CHECK(trib_check_bounds(edge.data(), 1, &terms, &full, nullptr) == TRIB_OK);
  const std::vector<float> beyond_one = {1.001F};
  CHECK(trib_check_bounds(beyond_one.data(), 1, &terms, &full, nullptr) == TRIB_OUT_OF_BOUNDS);
  // 3-4-5: exactly on the ball, and one unit outside
  const auto wide = encoding(5.0, 5.0, 10);
  const std::vector<float> on = {3.0F, 4.0F};
  CHECK(trib_check_bounds(on.data(), 2, &wide, &full, nullptr) == TRIB_OK);
  const std::vector<float> outside = {3.0F + 1.0F / 1024, 4.0F};
  CHECK(trib_check_bounds(outside.data(), 2, &wide, &full, nullptr) == TRIB_OUT_OF_BOUNDS);
  // Squares beyond 64 bits: 100,000 coordinates of 2^31 / 4
  const auto huge = encoding(400.0, 1.0, 29);
  const std::vector<float> many(100000, 1.0F);
  CHECK(trib_check_bounds(many.data(), 100000, &huge, &full, nullptr) == TRIB_OK);
  const auto tight = encoding(316.0, 1.0, 29);
  CHECK(trib_check_bounds(many.data(), 100000, &tight, &full, nullptr) == TRIB_OUT_OF_BOUNDS);
}

TEST_CASE("n_max devices at the extreme decode exactly on the server") {
  using namespace tributary::crypto;
  constexpr std::uint32_t n_max = 64;
  const EncodingPlan plan{RingBits::b32, 2,   choose_scale_log2(RingBits::b32, n_max, 1.0, 2.0, 0),
                          2.0,           1.0, choose_weight_scale_log2(RingBits::b32, n_max, 0),
                          10.0,          4};
  const trib_encoding terms = {32, plan.scale_log2, 2.0F, 1.0F, 1, plan.weight_scale_log2, 10.0F,
                               4,  false,           0};
  const std::vector<float> delta = {1.0F, -1.0F};
  std::vector<std::int32_t> words(plan.words());
  trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), delta.data(), 2,
                    &terms, &full, nullptr);
  WordSums sums{std::vector<std::int64_t>(plan.words()), n_max};
  for (std::size_t j = 0; j < words.size(); ++j) {
    sums.words[j] = std::int64_t{words[j]} * n_max;
    CHECK(std::llabs(sums.words[j]) < 0x80000000LL);
  }
  CHECK(check_sum(plan, sums) == SumFault::none);
  const auto mean = decode_mean(plan, sums);
  CHECK(mean.delta[0] == doctest::Approx(1.0));
  CHECK(mean.delta[1] == doctest::Approx(-1.0));
  CHECK(mean.loss == doctest::Approx(2.5));
  CHECK(mean.accuracy == doctest::Approx(0.75));
}

TEST_CASE("rounding to float never carries a clipped vector over its integer bound") {
  const auto terms = encoding(1.0, 4.0, 28);
  std::uint32_t state = 5;
  for (int round = 0; round < 20000; ++round) {
    std::vector<float> weights(2 + state % 4);
    for (auto& weight : weights) {
      state = state * 1664525U + 1013904223U;
      weight = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-30F;
    }
    const auto count = static_cast<std::uint32_t>(weights.size());
    REQUIRE(trib_clip(weights.data(), count, &terms) == TRIB_OK);
    REQUIRE(trib_check_bounds(weights.data(), count, &terms, &full, nullptr) == TRIB_OK);
  }
}
