// The device's sampler of PROTOCOL.md 6.3: exact in distribution, the same as the server's, and the same again.
#include "device-protocol/src/discrete_gaussian.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <vector>

#include "crypto/privacy/discrete_gaussian.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/device_noise.h"

using namespace tributary;

namespace {

std::vector<std::int64_t> samples(std::uint32_t deviation, std::size_t count,
                                  std::uint8_t number = 1) {
  unsigned char key[TRIB_KEY_BYTES] = {number, 7};
  trib_secret_stream stream;
  trib_stream_begin(&stream, &trib_posix_crypto, key, 0);
  std::vector<std::int64_t> drawn(count);
  for (auto& sample : drawn) sample = trib_discrete_gaussian(&stream, deviation);
  trib_stream_end(&stream);
  return drawn;
}

double probability(std::int64_t x, double deviation) {
  const auto weight = [&](double at) { return std::exp(-at * at / (2 * deviation * deviation)); };
  double all = 0;
  for (double at = -40 * deviation; at <= 40 * deviation; ++at) all += weight(at);
  return weight(static_cast<double>(x)) / all;
}

// A chi-square statistic is below `degrees` + 6 of its deviations but once in a million.
void check_statistic(double statistic, double degrees) {
  CAPTURE(statistic);
  CAPTURE(degrees);
  CHECK(statistic < degrees + 6 * std::sqrt(2 * degrees));
}

trib_device_noise noise_of(std::uint8_t number, std::uint32_t parameters, std::uint32_t model,
                           std::uint32_t metric) {
  trib_device_noise noise{&trib_posix_crypto, {}, parameters, model, metric};
  noise.key[0] = number;
  return noise;
}

}  // namespace

TEST_CASE("6.3: samples follow the exact probabilities, for every small deviation") {
  constexpr std::size_t count = 60000;
  for (const std::uint32_t deviation : {1U, 2U, 3U, 5U, 9U}) {
    CAPTURE(deviation);
    std::map<std::int64_t, double> seen;
    for (const auto sample : samples(deviation, count)) ++seen[sample];
    double statistic = 0;
    double degrees = -1;
    double rest = count;
    double rest_expected = count;
    for (auto x = -4 * std::int64_t{deviation}; x <= 4 * std::int64_t{deviation}; ++x) {
      const double expected = count * probability(x, deviation);
      if (expected < 5) continue;
      statistic += (seen[x] - expected) * (seen[x] - expected) / expected;
      rest -= seen[x];
      rest_expected -= expected;
      ++degrees;
    }
    if (rest_expected >= 5) {
      statistic += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
      ++degrees;
    }
    check_statistic(statistic, degrees);
  }
}

TEST_CASE("6.3: mean and variance are right up to the widest deviation") {
  constexpr std::size_t count = 40000;
  for (const std::uint32_t deviation : {1U, 30U, 1000U, 1U << 20, 1U << 30, 0x7fffffffU}) {
    CAPTURE(deviation);
    double mean = 0;
    double square = 0;
    double fourth = 0;
    for (const auto sample : samples(deviation, count, 2)) {
      const double x = static_cast<double>(sample) / deviation;
      mean += x / count;
      square += x * x / count;
      fourth += x * x * x * x / count;
    }
    const double root = std::sqrt(static_cast<double>(count));
    CHECK(std::abs(mean) < 5 / root);
    CHECK(std::abs(square - 1) < 5 * std::sqrt(2.0) / root);
    CHECK(std::abs(fourth - 3) < 5 * std::sqrt(96.0) / root);
  }
}

TEST_CASE("6.3: device and server sample the same distribution") {
  constexpr std::size_t count = 40000;
  for (const std::uint32_t deviation : {2U, 20U, 3000U}) {
    CAPTURE(deviation);
    constexpr int bins = 32;  // of a quarter deviation each, from -4 to 4
    const auto bin = [&](std::int64_t x) {
      const double at = (static_cast<double>(x) / deviation + 4) * bins / 8;
      return std::min(std::max(static_cast<int>(std::floor(at)), 0), bins - 1);
    };
    std::vector<double> ours(bins);
    std::vector<double> theirs(bins);
    for (const auto sample : samples(deviation, count, 3)) ++ours[bin(sample)];
    const privacy::DiscreteGaussian server({std::uint64_t{deviation} * deviation, 1});
    std::array<std::uint8_t, 32> seed{9};
    privacy::RandomStream random(*crypto::Seed::from(seed));
    for (std::size_t i = 0; i < count; ++i) ++theirs[bin(server.sample(random))];
    double statistic = 0;
    double degrees = -1;
    for (int i = 0; i < bins; ++i) {
      if (ours[i] + theirs[i] < 10) continue;
      statistic += (ours[i] - theirs[i]) * (ours[i] - theirs[i]) / (ours[i] + theirs[i]);
      ++degrees;
    }
    check_statistic(statistic, degrees);
  }
}

TEST_CASE("6.3: a word's noise is its own, the same in any chunk, and words are independent") {
  constexpr std::uint32_t count = 9000;
  const auto noise = noise_of(1, count - 7, 50, 5);
  std::vector<std::int32_t> words(count);
  trib_add_device_noise(&noise, words.data(), 0, count);
  for (std::uint32_t first = 0; first < count; first += 997) {
    std::vector<std::int32_t> chunk(std::min(997U, count - first));
    trib_add_device_noise(&noise, chunk.data(), first, static_cast<std::uint32_t>(chunk.size()));
    CHECK(std::equal(chunk.begin(), chunk.end(), words.begin() + first));
  }
  double product = 0;
  for (std::uint32_t j = 0; j + 4097 < count - 7; ++j) {
    product += static_cast<double>(words[j]) * (words[j + 1] + words[j + 4096]);
  }
  // Deviation of the sum: 50^2 sqrt(2 * 4896).
  CHECK(std::abs(product) < 5 * 2500 * std::sqrt(2.0 * 4896));
  // Metrics get theirs, canaries none.
  CHECK(std::vector<std::int32_t>(words.end() - 4, words.end()) == std::vector<std::int32_t>(4));
  int larger = 0;
  for (std::uint8_t number = 1; number <= 100; ++number) {
    std::vector<std::int32_t> tail(3);
    const auto other = noise_of(number, 0, 50, 5);
    trib_add_device_noise(&other, tail.data(), 0, 3);
    for (const auto word : tail) larger += std::abs(word) > 30 ? 1 : 0;
  }
  CHECK(larger == 0);
}

TEST_CASE("6.3: words that noise carries past 32 bits come back modulo 2^32") {
  const auto noise = noise_of(4, 64, 1U << 30, 1);
  std::vector<std::int32_t> high(64, INT32_MAX);
  std::vector<std::int32_t> zero(64);
  trib_add_device_noise(&noise, high.data(), 0, 64);
  trib_add_device_noise(&noise, zero.data(), 0, 64);
  for (int j = 0; j < 64; ++j) {
    CHECK(static_cast<std::uint32_t>(high[j]) - static_cast<std::uint32_t>(zero[j]) == INT32_MAX);
  }
}
