// The rotated encoding of PROTOCOL.md 6.1: the device's side against the formula and against the server's side.
#include "device-protocol/src/rotate.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "crypto/quantise.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/encode.h"
#include "tests/unit/device/site.hpp"

using namespace tributary;
using namespace tributary::crypto;

namespace {

const Hash seed = rotation_seed(*TaskId::from_hex("000102030405060708090a0b0c0d0e0f"), 7);
constexpr trib_update_summary full = {100, 2.5F, 3, 4};

trib_rounding rounding(std::uint8_t number) {
  trib_rounding made{&trib_posix_crypto, {}};
  made.key[0] = number;
  made.key[31] = 1;
  return made;
}

std::vector<float> random_update(std::uint32_t count, double norm, unsigned number) {
  std::mt19937 random(number);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  double square = 0;
  for (auto& value : values) {
    value = normal(random);
    square += value * value;
  }
  std::vector<float> update;
  for (const double value : values) {
    update.push_back(static_cast<float>(value * norm / std::sqrt(square)));
  }
  return update;
}

std::vector<float> rotated(std::vector<float> values) {
  trib_rotate(&trib_posix_crypto, values.data(), static_cast<std::uint32_t>(values.size()),
              seed.bytes.data());
  return values;
}

double norm_of(const std::vector<float>& values) {
  double square = 0;
  for (const double value : values) square += value * value;
  return std::sqrt(square);
}

EncodingPlan plan_for(RingBits bits, std::uint32_t parameters, std::uint32_t n_max, double clip) {
  EncodingPlan plan{bits, parameters, 0, clip, 1e3, choose_weight_scale_log2(bits, n_max, 0),
                    10.0, 4};
  plan.rotated = true;
  plan.rotation = seed;
  plan.scale_log2 = choose_rotated_scale_log2(bits, n_max, clip, parameters, 0);
  return plan;
}

trib_encoding terms_of(const EncodingPlan& plan) {
  return {static_cast<std::uint32_t>(plan.bits),
          plan.scale_log2,
          static_cast<float>(plan.clip_l2),
          static_cast<float>(plan.clip_inf),
          100,
          plan.weight_scale_log2,
          10.0F,
          4,
          true,
          static_cast<float>(plan.device_noise)};
}

// The words of an update, with the first of a few roundings that keeps the bounds.
std::vector<std::int32_t> words_of(const std::vector<float>& spread, const EncodingPlan& plan,
                                   const trib_update_summary& summary, std::uint8_t device) {
  const auto terms = terms_of(plan);
  const auto count = static_cast<std::uint32_t>(spread.size());
  for (std::uint8_t attempt = 0; attempt < 64; ++attempt) {
    auto drawn = rounding(device);
    drawn.key[1] = attempt;
    if (trib_check_bounds(spread.data(), count, &terms, &summary, &drawn) != TRIB_OK) continue;
    std::vector<std::int32_t> words(plan.words());
    trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), spread.data(),
                      count, &terms, &summary, &drawn);
    return words;
  }
  FAIL("64 roundings broke the bounds");
  return {};
}

// Adds in the ring, as masked sums are, and decodes.
WordSums sum_in_ring(const EncodingPlan& plan,
                     const std::vector<std::vector<std::int32_t>>& updates) {
  const std::size_t width = word_bytes(plan.bits);
  Bytes ring(plan.words() * width);
  for (const auto& words : updates) {
    Bytes bytes;
    for (const auto word : words) {
      for (std::size_t i = 0; i < width; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(word) >> (8 * i)));
      }
    }
    ring_add(plan.bits, ring, bytes);
  }
  return {ring_centre(plan.bits, ring), updates.size()};
}

}  // namespace

TEST_CASE(
    "a rotation is signs and a Walsh-Hadamard matrix, block by block, the rest with the last") {
  for (const std::uint32_t count : {1U, 2U, 8U, 11U, 12U, 16U}) {
    CAPTURE(count);
    const auto update = random_update(count, 1, count);
    std::vector<double> expected(update.begin(), update.end());
    const std::uint32_t size = std::bit_floor(count);
    Bytes stream(64);
    trib_posix_crypto.chacha20_xor(stream.data(), stream.size(), seed.bytes.data(), 0);
    const auto turn = [&](std::uint32_t at, std::uint32_t index) {
      std::vector<double> block(size);
      for (std::uint32_t i = 0; i < size; ++i) {
        for (std::uint32_t j = 0; j < size; ++j) {
          const std::uint32_t t = index * size + j;
          const double sign = (stream[t / 8] >> (t % 8) & 1) != 0 ? -1 : 1;
          const double entry = std::popcount(i & j) % 2 == 1 ? -1 : 1;
          block[i] += entry * sign * expected[at + j] / std::sqrt(size);
        }
      }
      std::ranges::copy(block, expected.begin() + at);
    };
    std::uint32_t index = 0;
    for (; (index + 1) * size <= count; ++index) turn(index * size, index);
    if (count % size != 0) turn(count - size, index);
    const auto spread = rotated(update);
    for (std::uint32_t j = 0; j < count; ++j) {
      CHECK(static_cast<double>(spread[j]) == doctest::Approx(expected[j]).epsilon(1e-5));
    }
  }
}

TEST_CASE("device and server name the same seed and undo each other, for every length") {
  unsigned char made[32];
  const auto task = *TaskId::from_hex("000102030405060708090a0b0c0d0e0f");
  trib_rotation_seed(&trib_posix_crypto, made, task.bytes.data(), 7);
  CHECK(std::ranges::equal(made, seed.bytes));
  for (const std::uint32_t count : {1U, 3U, 100U, 511U, 513U, 4095U, 4096U, 4097U, 9000U, 25450U}) {
    CAPTURE(count);
    CHECK(trib_rotation_block(count) == rotation_block(count));
    const auto update = random_update(count, 3, count);
    const auto spread = rotated(update);
    CHECK(norm_of(spread) == doctest::Approx(3).epsilon(1e-5));
    std::vector<double> back(spread.begin(), spread.end());
    unrotate(back, seed);
    double worst = 0;
    for (std::uint32_t j = 0; j < count; ++j) {
      worst = std::max(worst, std::abs(back[j] - static_cast<double>(update[j])));
    }
    CHECK(worst < 1e-5);
    std::vector<double> forth(update.begin(), update.end());
    rotate(forth, seed);
    CHECK(std::abs(forth[0] - static_cast<double>(spread[0])) < 1e-5);
  }
}

TEST_CASE("one large coordinate is spread over its block") {
  std::vector<float> spike(8192, 0.0F);
  spike[5000] = 10;
  const auto spread = rotated(spike);
  for (std::size_t j = 0; j < 4096; ++j) CHECK(spread[j] == 0);
  for (std::size_t j = 4096; j < 8192; ++j) {
    CHECK(std::abs(spread[j]) == doctest::Approx(10.0 / 64).epsilon(1e-5));
  }
}

TEST_CASE("rounding goes to a neighbour, without bias, and again the same") {
  const std::uint32_t count = 64;
  const auto plan = plan_for(RingBits::b16, count, 10, 1);
  const auto terms = terms_of(plan);
  const auto spread = rotated(random_update(count, 1, 5));
  std::vector<double> mean(plan.words());
  constexpr int tries = 200;
  for (int i = 0; i < tries; ++i) {
    const auto drawn = rounding(static_cast<std::uint8_t>(i));
    std::vector<std::int32_t> words(plan.words());
    trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), spread.data(),
                      count, &terms, &full, &drawn);
    for (std::uint32_t first = 0; first < words.size(); first += 7) {
      std::int32_t again = 0;
      trib_encode_words(&again, first, 1, spread.data(), count, &terms, &full, &drawn);
      CHECK(again == words[first]);
    }
    for (std::uint32_t j = 0; j < words.size(); ++j) mean[j] += words[j] / double{tries};
    for (std::uint32_t j = 0; j < count; ++j) {
      const double exact = std::ldexp(static_cast<double>(spread[j]), plan.scale_log2);
      CHECK((words[j] == std::floor(exact) || words[j] == std::ceil(exact)));
    }
    CHECK(words[count] == 1 << plan.weight_scale_log2);
  }
  for (std::uint32_t j = 0; j < count; ++j) {
    const double exact = std::ldexp(static_cast<double>(spread[j]), plan.scale_log2);
    CHECK(std::abs(mean[j] - exact) < 5 * 0.5 / std::sqrt(tries));
  }
  CHECK(std::abs(mean[count + 1] - std::ldexp(0.25, static_cast<int>(plan.weight_scale_log2))) <
        0.2);
}

TEST_CASE("property 11: whatever the floats, a vector that passes rule D8 passes the combiner") {
  std::mt19937 random(11);
  int refused = 0;
  for (unsigned i = 0; i < 200; ++i) {
    const auto count = static_cast<std::uint32_t>(1 + random() % 600);
    const auto plan = plan_for(RingBits::b24, count, 50, 2);
    const double norm =
        std::ldexp(1.0, static_cast<int>(random() % 6)) / 8;  // up to 4: beyond the clip
    const auto spread = rotated(random_update(count, norm, i));
    const auto terms = terms_of(plan);
    const auto drawn = rounding(static_cast<std::uint8_t>(i));
    if (trib_check_bounds(spread.data(), count, &terms, &full, &drawn) != TRIB_OK) {
      ++refused;
      continue;
    }
    std::vector<std::int32_t> words(plan.words());
    trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), spread.data(),
                      count, &terms, &full, &drawn);
    CHECK(check_sum(plan, sum_in_ring(plan, {words})) == SumFault::none);
  }
  CHECK(refused > 0);
  CHECK(refused < 150);
}

TEST_CASE("NaN and infinity are refused") {
  const auto plan = plan_for(RingBits::b16, 8, 10, 1);
  const auto terms = terms_of(plan);
  const auto drawn = rounding(1);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> spread(8, 0.1F);
    spread[3] = bad;
    CHECK(trib_check_bounds(spread.data(), 8, &terms, &full, &drawn) == TRIB_NOT_FINITE);
  }
}

TEST_CASE(
    "property 12: n_max equal updates of the largest norm do not wrap, and decode to themselves") {
  struct Case {
    RingBits bits;
    std::uint32_t devices;
  };
  for (const auto& one :
       {Case{RingBits::b16, 20}, Case{RingBits::b16, 250}, Case{RingBits::b24, 250}}) {
    const RingBits bits = one.bits;
    const std::uint32_t devices = one.devices;
    CAPTURE(devices);
    const std::uint32_t count = 5000;
    const auto plan = plan_for(bits, count, devices, 2);
    REQUIRE(plan.cannot_wrap(devices));
    const auto update = random_update(count, 1.999, 3);
    const auto spread = rotated(update);
    std::vector<std::vector<std::int32_t>> all;
    for (std::uint32_t i = 0; i < devices; ++i) {
      all.push_back(words_of(spread, plan, full, static_cast<std::uint8_t>(i)));
    }
    const auto sums = sum_in_ring(plan, all);
    CHECK(check_sum(plan, sums) == SumFault::none);
    const auto mean = decode_mean(plan, sums);
    double square = 0;
    for (std::uint32_t j = 0; j < count; ++j) {
      const double difference = static_cast<double>(mean.delta[j]) - static_cast<double>(update[j]);
      square += difference * difference;
    }
    // Independent roundings of variance at most 1/4 a word.
    const double expected = std::ldexp(0.5, -plan.scale_log2) * std::sqrt(double{count} / devices);
    CHECK(std::sqrt(square) < 1.2 * expected);
    CHECK(mean.weight == doctest::Approx(devices));
    CHECK(std::abs(mean.accuracy - 0.75) < 0.05);
    CHECK(std::abs(mean.loss - 2.5) < 0.5);
  }
}

TEST_CASE("weights of different devices count as they say") {
  const std::uint32_t count = 1000;
  const auto plan = plan_for(RingBits::b24, count, 30, 2);
  const auto heavy = random_update(count, 1, 1);
  const auto light = random_update(count, 1, 2);
  const trib_update_summary quarter = {25, 2.5F, 3, 4};
  const auto mean =
      decode_mean(plan, sum_in_ring(plan, {words_of(rotated(heavy), plan, full, 1),
                                           words_of(rotated(light), plan, quarter, 2)}));
  for (std::uint32_t j = 0; j < count; ++j) {
    const double expected =
        0.8 * static_cast<double>(heavy[j]) + 0.2 * static_cast<double>(light[j]);
    CHECK(std::abs(static_cast<double>(mean.delta[j]) - expected) < 0.01);
  }
}

TEST_CASE("device and server agree on what cannot wrap") {
  for (const auto bits : {RingBits::b16, RingBits::b24, RingBits::b32}) {
    for (const std::uint32_t n_max : {2U, 100U, 3000U}) {
      for (const std::uint32_t parameters : {1U, 200U, 100000U}) {
        auto plan = plan_for(bits, parameters, n_max, 3);
        const auto chosen = plan.scale_log2;
        for (int up = 0; up < 3; ++up) {
          plan.scale_log2 = chosen + up;
          const auto terms = terms_of(plan);
          CHECK(plan.cannot_wrap(n_max) == (up == 0));
          CHECK(trib_cannot_wrap(&terms, parameters, n_max) == plan.cannot_wrap(n_max));
        }
      }
    }
  }
}

TEST_CASE("a rotated round, with the power cut before every action: one vector, one contribution") {
  using namespace device_test;
  const auto rounds = [](Site& site, std::uint64_t round) {
    auto terms = site.context(round);
    terms.set_minimum_reader_version(2);
    terms.mutable_encoding()->set_rotated(true);
    site.open_round(terms);
  };
  int total = 0;
  {
    Site site;
    rounds(site, 1);
    Device device(site);
    device.run(5000);
    REQUIRE(site.receipts.contains(1));
    total = site.actions;
  }
  for (int cut = 0; cut < total; ++cut) {
    CAPTURE(cut);
    Site site;
    site.cut_at = cut;
    rounds(site, 1);
    {
      Device device(site);
      if (device.started == TRIB_OK) device.run(5000);
    }
    site.dead = false;
    site.cut_at.reset();
    Device again(site);
    REQUIRE(again.started == TRIB_OK);
    again.run(5000);
    rounds(site, 2);
    again.run(5000);
    CHECK(site.receipts.contains(2));
  }
}

TEST_CASE("a rotated context that older readers would misread is refused") {
  using namespace device_test;
  Site site;
  auto terms = site.context(1);
  terms.mutable_encoding()->set_rotated(true);  // minimum_reader_version stays 1
  site.open_round(terms);
  Device device(site);
  device.run(5000);
  CHECK(site.receipts.empty());
  CHECK(site.contributions.empty());
}
