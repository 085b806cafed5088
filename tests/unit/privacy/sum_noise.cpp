#include "crypto/privacy/sum_noise.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace tributary;
using namespace tributary::privacy;

namespace {

constexpr std::uint32_t parameters = 20000;

crypto::EncodingPlan plan_with(double noise, crypto::RingBits bits = crypto::RingBits::b32) {
  crypto::EncodingPlan plan{bits, parameters, 0, 2, 1, 0, 10, 4};
  plan.noise = noise;
  crypto::choose_scales(plan, 50);
  return plan;
}

NoiseName name_of_round(std::uint64_t round) {
  NoiseName name{};
  name.round = round;
  name.ctx_hash.bytes[0] = static_cast<std::uint8_t>(round);
  return name;
}

std::vector<std::int64_t> noise_of(const crypto::EncodingPlan& plan, const Terms& terms,
                                   const NoiseKey& key, const NoiseName& name) {
  Bytes words(plan.words() * crypto::word_bytes(plan.bits));
  add_sum_noise(plan, terms, key, name, words);
  return crypto::ring_centre(plan.bits, words);
}

double deviation(std::span<const std::int64_t> values) {
  double squares = 0;
  for (const auto value : values)
    squares += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

double correlation(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  double product = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return product / (deviation(a) * deviation(b) * static_cast<double>(a.size()));
}

const Terms independent{1, {1, 10}, 1};

}  // namespace

TEST_CASE(
    "property 10, H8: noise is identical on a retry and independent across rounds, survivors and "
    "parties") {
  const auto plan = plan_with(1);
  const auto key = NoiseKey::random();
  const auto once = noise_of(plan, independent, key, name_of_round(1));
  CHECK(once == noise_of(plan, independent, key, name_of_round(1)));
  auto other_survivors = name_of_round(1);
  other_survivors.survivors_hash.bytes[5] ^= 1;
  // 20,000 words: a correlation beyond 0.035 is five standard deviations.
  CHECK(std::abs(correlation(once, noise_of(plan, independent, key, name_of_round(2)))) < 0.035);
  CHECK(std::abs(correlation(once, noise_of(plan, independent, key, other_survivors))) < 0.035);
  CHECK(std::abs(correlation(
            once, noise_of(plan, independent, NoiseKey::random(), name_of_round(1)))) < 0.035);
}

TEST_CASE(
    "noise has the standard deviation the sensitivity asks for, and leaves the canaries alone") {
  for (const auto bits : {crypto::RingBits::b24, crypto::RingBits::b32}) {
    const auto plan = plan_with(2, bits);
    Terms terms = independent;
    terms.noise_multiplier = 2;
    const auto sigma = plan.noise_deviation(2);
    const auto noise = noise_of(plan, terms, NoiseKey::random(), name_of_round(1));
    const auto model = std::span(noise).first(parameters);
    CHECK(deviation(model) / sigma.model == doctest::Approx(1).epsilon(0.03));
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(std::abs(static_cast<double>(noise[parameters + i])) < 8 * sigma.metric);
    }
    for (std::size_t i = 3; i < 7; ++i) CHECK(noise[parameters + i] == 0);
  }
}

TEST_CASE("the largest update a device may send is within the sensitivity the noise is made for") {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    for (const bool rotated : {false, true}) {
      auto plan = plan_with(1, bits);
      plan.rotated = rotated;
      crypto::choose_scales(plan, 50);
      CHECK(plan.cannot_wrap(50));
      const auto unit = plan.noise_deviation(1);
      // What rule D8 lets through in the model words; full weight, loss and accuracy.
      const double model = std::sqrt(plan.norm_bound()) / unit.model;
      const double metric = std::ldexp(1.0, static_cast<int>(plan.weight_scale_log2)) / unit.metric;
      CHECK(std::sqrt(model * model + 3 * metric * metric) == doctest::Approx(1).epsilon(1e-9));
    }
  }
}

TEST_CASE("correlated noise takes back a part of the rounds before, the same in every program") {
  const auto plan = plan_with(1);
  const auto key = NoiseKey::random();
  const Terms banded{1, {4, 5}, 4};
  const auto first = noise_of(plan, banded, key, name_of_round(1));
  const auto second = noise_of(plan, banded, key, name_of_round(2));
  // n_2 = z_2 - z_1 / 2: correlation -0.5 / sqrt(1.25).
  CHECK(correlation(first, second) == doctest::Approx(-0.5 / std::sqrt(1.25)).epsilon(0.08));
  auto retried = name_of_round(2);
  retried.survivors_hash.bytes[0] ^= 1;
  CHECK(second == noise_of(plan, banded, key, retried));
  // The prefix sum of 16 rounds is what the model sees: far less than with independent noise.
  std::vector<std::int64_t> sum(plan.words()), plain(plan.words());
  for (std::uint64_t round = 1; round <= 16; ++round) {
    const auto n = noise_of(plan, banded, key, name_of_round(round));
    const auto i = noise_of(plan, independent, key, name_of_round(round));
    for (std::size_t j = 0; j < parameters; ++j) {
      sum[j] += n[j];
      plain[j] += i[j];
    }
  }
  CHECK(deviation(sum) < 0.7 * deviation(plain));
}

TEST_CASE("a noisy sum passes the combiner's checks, and a sum beyond bounds and noise does not") {
  const auto plan = plan_with(std::sqrt(2.0));
  CHECK(plan.cannot_wrap(50));
  Bytes words(plan.words() * 4);
  const Terms terms{1, {1, 10}, 1};
  for (int party = 0; party < 2; ++party) {
    add_sum_noise(plan, terms, NoiseKey::random(), name_of_round(1), words);
  }
  crypto::WordSums sum{crypto::ring_centre(plan.bits, words), 10};
  CHECK(crypto::check_sum(plan, sum) == crypto::SumFault::none);
  auto quiet = plan;
  quiet.noise = 0;
  CHECK(crypto::check_sum(quiet, sum) != crypto::SumFault::none);
  auto beyond = sum;
  beyond.words[7] = 10 * plan.coordinate_bound() +
                    static_cast<std::int64_t>(9 * plan.noise_deviation(plan.noise).model);
  CHECK(crypto::check_sum(plan, beyond) == crypto::SumFault::coordinate_bound);
  auto canary = sum;
  canary.words.back() = 1;
  CHECK(crypto::check_sum(plan, canary) == crypto::SumFault::canary);
  const auto decoded = crypto::decode_mean(plan, sum);
  CHECK(decoded.weight > 0);
  CHECK(decoded.accuracy >= 0);
  CHECK(decoded.accuracy <= 1);
}

TEST_CASE("a grid too coarse for the noise is refused") {
  auto plan = plan_with(1);
  plan.scale_log2 = -2;
  Bytes words(plan.words() * 4);
  CHECK_THROWS_AS(add_sum_noise(plan, independent, NoiseKey::random(), name_of_round(1), words),
                  std::invalid_argument);
}
