#include "crypto/quantise.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <stdexcept>

using namespace tributary;
using namespace tributary::crypto;

namespace {

constexpr RingBits rings[] = {RingBits::b16, RingBits::b24, RingBits::b32};

EncodingPlan make_plan(RingBits bits, std::uint32_t n_max, std::uint32_t parameters = 3) {
  EncodingPlan plan{};
  plan.bits = bits;
  plan.parameters = parameters;
  plan.clip_inf = 0.25;
  plan.clip_l2 = 10;
  plan.scale_log2 = choose_scale_log2(bits, n_max, plan.clip_inf, plan.clip_l2, 0);
  plan.weight_scale_log2 = choose_weight_scale_log2(bits, n_max, 0);
  plan.loss_cap = 8;
  plan.canary_words = 4;
  return plan;
}

// A sum of `count` identical devices: model words, weight 1, half the loss cap, all correct.
WordSums make_sum(const EncodingPlan& plan, std::uint64_t count, std::int64_t model_word) {
  const auto devices = static_cast<std::int64_t>(count);
  const std::int64_t weight = std::int64_t{1} << plan.weight_scale_log2;
  WordSums sum;
  sum.words.assign(plan.parameters, model_word * devices);
  sum.words.push_back(weight * devices);
  sum.words.push_back(weight / 2 * devices);
  sum.words.push_back(weight * devices);
  sum.words.resize(plan.words(), 0);
  sum.count = count;
  return sum;
}

std::int64_t largest(RingBits bits) {
  return (std::int64_t{1} << (static_cast<int>(bits) - 1)) - 1;
}

Bytes ring_words(RingBits bits, const std::vector<std::int64_t>& values) {
  Bytes bytes;
  for (const std::int64_t value : values) {
    for (std::size_t i = 0; i < word_bytes(bits); ++i) {
      bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  return bytes;
}

TEST_CASE("a bound beyond every integer wraps no check: such a context is refused") {
  EncodingPlan plan{};
  plan.bits = RingBits::b32;
  plan.parameters = 10;
  plan.clip_l2 = 1;
  plan.clip_inf = 3e38;
  plan.scale_log2 = 60;
  plan.loss_cap = 1;
  CHECK(plan.coordinate_bound() > 0);
  CHECK_FALSE(plan.cannot_wrap(1));
}

}  // namespace

TEST_CASE("the scale is the largest power of two that cannot wrap") {
  for (const RingBits bits : rings) {
    for (const std::uint32_t n_max : {1U, 3U, 10U, 100U, 1000U, 5000U}) {
      for (const double clip : {1e-3, 0.1, 0.25, 1.0, 7.5}) {
        CAPTURE(static_cast<int>(bits));
        CAPTURE(n_max);
        CAPTURE(clip);
        const int scale = choose_scale_log2(bits, n_max, clip, 1, 0);
        CHECK(std::ldexp(n_max * clip, scale) <= static_cast<double>(largest(bits)));
        CHECK(std::ldexp(n_max * clip, scale + 1) > static_cast<double>(largest(bits)));
      }
    }
  }
  // 2^31 - 1 over 2^10 misses 2^21 by less than a double's last bit shows after division.
  CHECK(choose_scale_log2(RingBits::b32, 1024, 1, 1, 0) == 20);
}

TEST_CASE("noise takes room from the scale") {
  const int quiet = choose_scale_log2(RingBits::b32, 100, 0.1, 1, 0);
  CHECK(choose_scale_log2(RingBits::b32, 100, 0.1, 1, 1) < quiet);
}

TEST_CASE("senseless encodings are refused") {
  const double nan = std::nan("");
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b32, 0, 1, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b32, 1, 0, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b32, 1, -1, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b32, 1, nan, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b32, 1, 1, HUGE_VAL, 1), std::invalid_argument);
  CHECK_THROWS_AS(choose_weight_scale_log2(RingBits::b16, 0, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_weight_scale_log2(RingBits::b16, 32768, 0), std::invalid_argument);
}

TEST_CASE("the weight scale fills the ring") {
  for (const RingBits bits : rings) {
    for (const std::uint32_t n_max : {1U, 2U, 3U, 100U, 1000U, 5000U}) {
      const std::uint32_t scale = choose_weight_scale_log2(bits, n_max, 0);
      CHECK((std::int64_t{n_max} << scale) <= largest(bits));
      CHECK((std::int64_t{n_max} << (scale + 1)) > largest(bits));
    }
  }
}

TEST_CASE("n_max devices at the extreme decode exactly") {
  for (const RingBits bits : rings) {
    for (const std::uint32_t n_max : {1U, 7U, 1000U, 5000U}) {
      CAPTURE(static_cast<int>(bits));
      CAPTURE(n_max);
      const EncodingPlan plan = make_plan(bits, n_max);
      const std::int64_t bound = plan.coordinate_bound();
      for (const std::int64_t word : {bound, -bound}) {
        const WordSums one = make_sum(plan, 1, word);
        Bytes total(plan.words() * word_bytes(bits));
        for (std::uint32_t i = 0; i < n_max; ++i)
          ring_add(bits, total, ring_words(bits, one.words));
        const WordSums sum{ring_centre(bits, total), n_max};
        CHECK(sum.words == make_sum(plan, n_max, word).words);
        CHECK(check_sum(plan, sum) == SumFault::none);
        const DecodedMean mean = decode_mean(plan, sum);
        CHECK(mean.delta[0] == static_cast<float>(std::ldexp(double(word), -plan.scale_log2)));
        CHECK(mean.weight == n_max);
        CHECK(mean.accuracy == 1);
      }
    }
  }
}

TEST_CASE("each fault of a sum is told") {
  const EncodingPlan plan = make_plan(RingBits::b32, 100);
  const std::int64_t bound = plan.coordinate_bound();
  const WordSums good = make_sum(plan, 10, bound / 2);
  CHECK(check_sum(plan, good) == SumFault::none);
  const auto fault_with = [&](std::size_t word, std::int64_t value) {
    WordSums bad = good;
    bad.words[word] = value;
    return check_sum(plan, bad);
  };
  for (std::size_t canary = plan.parameters + 3; canary < plan.words(); ++canary) {
    CHECK(fault_with(canary, 1) == SumFault::canary);
    CHECK(fault_with(canary, -1) == SumFault::canary);
  }
  CHECK(fault_with(0, 10 * bound) == SumFault::none);
  CHECK(fault_with(0, 10 * bound + 1) == SumFault::coordinate_bound);
  CHECK(fault_with(2, -10 * bound - 1) == SumFault::coordinate_bound);
  CHECK(fault_with(2, INT64_MIN) == SumFault::coordinate_bound);
  const std::size_t weight = plan.parameters;
  const std::int64_t unit = std::int64_t{1} << plan.weight_scale_log2;
  CHECK(fault_with(weight, 0) == SumFault::weight);
  CHECK(fault_with(weight, -unit) == SumFault::weight);
  CHECK(fault_with(weight, 10 * unit + 1) == SumFault::weight);
  CHECK(fault_with(weight + 1, -1) == SumFault::weight);
  CHECK(fault_with(weight + 1, 10 * unit + 1) == SumFault::weight);
  CHECK(fault_with(weight + 2, 10 * unit + 1) == SumFault::weight);
  CHECK(check_sum(plan, make_sum(plan, 0, 0)) == SumFault::weight);
}

TEST_CASE("the norm bound is exact at its edge") {
  EncodingPlan plan = make_plan(RingBits::b32, 100, 4);
  plan.clip_l2 = std::ldexp(10, -plan.scale_log2);  // floor((s*C)^2) = 100
  WordSums sum = make_sum(plan, 3, 5);              // 4 * 15^2 = 900 = 3^2 * 100
  CHECK(check_sum(plan, sum) == SumFault::none);
  sum.words[0] += 1;
  CHECK(check_sum(plan, sum) == SumFault::norm_bound);
}

TEST_CASE("large sums do not overflow the norm check") {
  EncodingPlan plan = make_plan(RingBits::b32, 1, 1000);
  plan.clip_l2 = 1e6;
  CHECK(check_sum(plan, make_sum(plan, 1'000'000, plan.coordinate_bound())) == SumFault::none);
  plan.clip_l2 = 0.5;
  CHECK(check_sum(plan, make_sum(plan, 1'000'000, plan.coordinate_bound())) ==
        SumFault::norm_bound);
}

TEST_CASE("sums of another shape are refused") {
  const EncodingPlan plan = make_plan(RingBits::b32, 100);
  WordSums sum = make_sum(plan, 10, 1);
  sum.words.push_back(0);
  CHECK_THROWS_AS(check_sum(plan, sum), std::invalid_argument);
  CHECK_THROWS_AS(decode_mean(plan, sum), std::invalid_argument);
  CHECK_THROWS_AS(sum.add(make_sum(plan, 10, 1)), std::invalid_argument);
}

TEST_CASE("the mean is weighted") {
  const EncodingPlan plan = make_plan(RingBits::b32, 4);
  const std::int64_t unit = std::int64_t{1} << plan.weight_scale_log2;
  const auto scaled = [&](double value) {
    return static_cast<std::int64_t>(std::ldexp(value, plan.scale_log2));
  };
  // One device of weight 1 with delta 0.25 and loss 8, one of weight 1/2 with delta -0.125, loss 2.
  WordSums sum = make_sum(plan, 1, scaled(0.25));
  sum.words[plan.parameters + 1] = unit;
  WordSums other = make_sum(plan, 1, scaled(-0.0625));
  other.words[plan.parameters] = unit / 2;
  other.words[plan.parameters + 1] = unit / 8;
  other.words[plan.parameters + 2] = 0;
  sum.add(other);
  CHECK(sum.count == 2);
  const DecodedMean mean = decode_mean(plan, sum);
  CHECK(mean.weight == 1.5);
  CHECK(mean.delta.size() == plan.parameters);
  CHECK(mean.delta[0] == doctest::Approx(0.125));
  CHECK(mean.loss == doctest::Approx((8 + 0.5 * 2) / 1.5));
  CHECK(mean.accuracy == doctest::Approx(1 / 1.5));
}

TEST_CASE("a weight of nothing decodes with the floor") {
  const EncodingPlan plan = make_plan(RingBits::b32, 4);
  WordSums sum;
  sum.words.assign(plan.words(), 0);
  const DecodedMean mean = decode_mean(plan, sum);
  CHECK(mean.weight == std::ldexp(1.0, -static_cast<int>(plan.weight_scale_log2)));
  CHECK(mean.delta == std::vector<float>(plan.parameters, 0.0F));
}

TEST_CASE("hierarchical sums equal the flat sum for any split") {
  const EncodingPlan plan = make_plan(RingBits::b24, 64);
  CHECK(rc::check("any split of devices over gateways", [&plan] {
    const auto devices = *rc::gen::inRange<std::size_t>(1, 64);
    const auto gateways = *rc::gen::inRange<std::size_t>(1, 8);
    const std::int64_t bound = plan.coordinate_bound();
    WordSums flat;
    flat.words.assign(plan.words(), 0);
    std::vector<Bytes> sites(gateways, Bytes(plan.words() * word_bytes(plan.bits)));
    std::vector<std::uint64_t> counts(gateways, 0);
    for (std::size_t i = 0; i < devices; ++i) {
      const auto word = *rc::gen::inRange<std::int64_t>(-bound, bound + 1);
      const auto site = *rc::gen::inRange<std::size_t>(0, gateways);
      const WordSums one = make_sum(plan, 1, word);
      ring_add(plan.bits, sites[site], ring_words(plan.bits, one.words));
      ++counts[site];
      flat.add(one);
    }
    WordSums global;
    global.words.assign(plan.words(), 0);
    for (std::size_t site = 0; site < gateways; ++site) {
      global.add({ring_centre(plan.bits, sites[site]), counts[site]});
    }
    RC_ASSERT(global.words == flat.words);
    RC_ASSERT(global.count == devices);
    RC_ASSERT(decode_mean(plan, global).delta == decode_mean(plan, flat).delta);
  }));
}

TEST_CASE(
    "6.3: scales leave room for the devices' noise in every bound, whatever the ring and "
    "rotation") {
  for (const RingBits bits : rings) {
    for (const bool rotated : {false, true}) {
      for (const double noise : {0.001, 0.05, 0.5}) {
        for (const std::uint32_t n_max : {2U, 50U, 700U}) {
          CAPTURE(static_cast<int>(bits));
          CAPTURE(rotated);
          CAPTURE(noise);
          CAPTURE(n_max);
          auto plan = make_plan(bits, n_max, 300);
          plan.clip_l2 = 1;
          plan.rotated = rotated;
          choose_scales(plan, n_max);
          const auto quiet = plan;
          plan.device_noise = noise;
          choose_scales(plan, n_max);
          CHECK(plan.cannot_wrap(n_max));
          CHECK(plan.scale_log2 <= quiet.scale_log2);
          const auto sigma = plan.device_noise_deviation();
          const double root = std::sqrt(n_max);
          CHECK(8 * root * sigma.model < static_cast<double>(largest(bits)));
          CHECK(n_max * std::ldexp(1.0, static_cast<int>(plan.weight_scale_log2)) +
                    8 * root * sigma.metric <
                static_cast<double>(largest(bits)) + 1);
          CHECK(sigma.model >= noise * std::sqrt(plan.norm_bound()));
          CHECK(sigma.model == std::floor(sigma.model));
        }
      }
    }
  }
}

TEST_CASE("C3 with device noise: 8 deviations of the devices that are in the sum, and no more") {
  auto plan = make_plan(RingBits::b32, 100, 200);
  plan.clip_l2 = 1;
  plan.device_noise = 0.1;
  choose_scales(plan, 100);
  const auto sigma = plan.device_noise_deviation();
  const std::uint64_t count = 16;
  auto sum = make_sum(plan, count, 0);
  const auto most = static_cast<std::int64_t>(8 * 4 * sigma.model) +
                    static_cast<std::int64_t>(count) * plan.coordinate_bound();
  sum.words[3] = static_cast<std::int64_t>(4 * 4 * sigma.model);
  CHECK(check_sum(plan, sum) == SumFault::none);
  sum.words[3] = most + 2;
  CHECK(check_sum(plan, sum) == SumFault::coordinate_bound);
  // Every word at once: the norm of noise is sqrt(d) of its deviations and a tail, not 8 in each.
  const auto typical = static_cast<std::int64_t>(4 * sigma.model);
  for (std::uint32_t j = 0; j < plan.parameters; ++j) sum.words[j] = typical;
  CHECK(check_sum(plan, sum) == SumFault::none);
  for (std::uint32_t j = 0; j < plan.parameters; ++j) sum.words[j] = 6 * typical;
  CHECK(check_sum(plan, sum) == SumFault::norm_bound);
  for (std::uint32_t j = 0; j < plan.parameters; ++j) sum.words[j] = 0;
  sum.words[plan.parameters + 1] = -static_cast<std::int64_t>(7 * 4 * sigma.metric);
  CHECK(check_sum(plan, sum) == SumFault::none);
  sum.words[plan.parameters + 1] = -static_cast<std::int64_t>(9 * 4 * sigma.metric);
  CHECK(check_sum(plan, sum) == SumFault::weight);
  sum.words[plan.parameters + 1] = 0;
  sum.words.back() = 1;
  CHECK(check_sum(plan, sum) == SumFault::canary);
}

TEST_CASE("counts and clips that no scale fits are refused, not rounded") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b16, 0, 1, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b16, 10, 0, 1, 1), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b16, 10, infinity, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_scale_log2(RingBits::b16, 10, 1, infinity, 1), std::invalid_argument);
  CHECK_NOTHROW(choose_rotated_scale_log2(RingBits::b16, 32766, 1, 8, 0));
  CHECK_THROWS_AS(choose_rotated_scale_log2(RingBits::b16, 32767, 1, 8, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_rotated_scale_log2(RingBits::b16, 10, 0, 8, 0), std::invalid_argument);
  CHECK_THROWS_AS(choose_rotated_scale_log2(RingBits::b16, 10, infinity, 8, 0),
                  std::invalid_argument);
  CHECK_THROWS_AS(choose_rotated_scale_log2(RingBits::b16, 10, 1, 0, 0), std::invalid_argument);
}

TEST_CASE(
    "the scales give way to what rounding adds to the norm and so to the noise, or there is none") {
  // So many devices leave each a few steps, of which rounding over 2^20 parameters makes 512.
  constexpr std::uint32_t n_max = 20000;
  int gave_way = 0, refused = 0;
  for (const double noise : {0.5, 1.0, 2.0, 5.0}) {
    EncodingPlan plan = make_plan(RingBits::b16, n_max, 1U << 20);
    plan.clip_l2 = 1;
    plan.rotated = true;
    plan.noise = noise;
    try {
      choose_scales(plan, n_max);
    } catch (const std::invalid_argument& error) {
      CHECK(std::string(error.what()).find("take a wider one") != std::string::npos);
      ++refused;
      continue;
    }
    CHECK(plan.cannot_wrap(n_max));
    const auto first = choose_rotated_scale_log2(RingBits::b16, n_max, 1, plan.parameters,
                                                 noise * EncodingPlan::joint_sensitivity());
    CHECK(plan.scale_log2 <= first);
    if (plan.scale_log2 < first) ++gave_way;
  }
  CHECK(gave_way > 0);
  CHECK(refused > 0);
}

TEST_CASE("C3: a bound beyond every integer bounds nothing, and counts beyond it do not wrap") {
  auto plan = make_plan(RingBits::b32, 2);
  plan.clip_inf = 1e300;
  plan.clip_l2 = 1e300;
  auto sum = make_sum(plan, 2, INT32_MAX);
  CHECK(check_sum(plan, sum) == SumFault::none);
  sum.words[0] = INT64_MIN;
  sum.count = UINT64_MAX;
  CHECK(check_sum(plan, sum) != SumFault::coordinate_bound);
}
