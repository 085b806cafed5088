// Subsets of parameters, PROTOCOL.md 5.1: the device's spans are the server's, and the bounds of updates and sums
// hold for what travels.
#include "device-protocol/src/subset.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "crypto/quantise.hpp"
#include "crypto/subset.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/encode.h"

using namespace tributary;
using namespace tributary::crypto;

namespace {

const TaskId task = *TaskId::from_hex("000102030405060708090a0b0c0d0e0f");

struct Shape {
  std::uint32_t parameters, first, count, block_words, blocks;
};

// Every kind: all, a range, one block, all blocks, single words, a last block that is short.
std::vector<Shape> shapes() {
  std::vector<Shape> shapes = {
      {1, 0, 1, 0, 0},   {200, 0, 200, 0, 0}, {200, 150, 50, 0, 0}, {10, 0, 10, 10, 1},
      {10, 0, 10, 3, 4}, {10, 9, 1, 1, 1},    {997, 0, 997, 64, 4}, {25450, 25000, 450, 1, 100}};
  std::mt19937 twister(3);
  const auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  for (int i = 0; i < 300; ++i) {
    Shape shape{};
    shape.parameters = 1 + random() % 3000;
    shape.first = random() % shape.parameters;
    shape.count = 1 + random() % (shape.parameters - shape.first);
    shape.block_words = 1 + random() % shape.count;
    shape.blocks = 1 + random() % ((shape.count - 1) / shape.block_words + 1);
    shapes.push_back(shape);
  }
  return shapes;
}

Subset server(const Shape& shape, std::uint64_t round) {
  return {shape.parameters,
          {shape.first, shape.count},
          shape.block_words,
          shape.blocks,
          block_seed(task, round)};
}

trib_subset device(const Shape& shape, std::uint64_t round) {
  trib_subset subset{shape.first, shape.count, shape.block_words, shape.blocks, 0, false, {}};
  trib_block_seed(&trib_posix_crypto, subset.seed, task.bytes.data(), round);
  subset.words = trib_subset_words(&trib_posix_crypto, &subset);
  return subset;
}

// What a device sends of a model's values, and what is left.
std::vector<float> gathered(const trib_subset& subset, const std::vector<float>& values) {
  std::vector<std::uint8_t> map(trib_subset_blocks(&subset) / 8 + 1);
  std::vector<std::uint8_t> scratch(4 * trib_subset_blocks(&subset) + 1);
  std::vector<float> out(subset.count);
  trib_subset_map(&trib_posix_crypto, &subset, map.data(), scratch.data());
  trib_subset_gather(out.data(), values.data() + subset.first, &subset, map.data());
  std::vector<float> back(subset.count);
  trib_subset_scatter(back.data(), out.data(), &subset, map.data());
  CHECK(std::equal(back.begin(), back.end(), values.begin() + subset.first));
  trib_subset_clear(back.data(), &subset, map.data());
  CHECK(std::accumulate(back.begin(), back.end(), 0.0) ==
        doctest::Approx(std::accumulate(out.begin() + subset.words, out.end(), 0.0)));
  return out;
}

}  // namespace

TEST_CASE("property: device and server choose the same words, for every shape and round") {
  for (const auto& shape : shapes()) {
    for (const std::uint64_t round : {1ULL, 2ULL, 77ULL}) {
      CAPTURE(shape.parameters);
      CAPTURE(shape.first);
      CAPTURE(shape.count);
      CAPTURE(shape.block_words);
      CAPTURE(shape.blocks);
      const auto ours = server(shape, round);
      const auto theirs = device(shape, round);
      REQUIRE(ours.fault().empty());
      REQUIRE(trib_subset_valid(&theirs, shape.parameters));
      REQUIRE(theirs.words == ours.words());
      std::vector<float> values(shape.parameters);
      std::iota(values.begin(), values.end(), 1.0F);
      auto sent = gathered(theirs, values);
      sent.resize(theirs.words);
      CHECK(sent == gather(ours, values));
      const auto whole = scatter(ours, sent);
      std::uint32_t travelled = 0;
      for (std::size_t j = 0; j < whole.size(); ++j) {
        CHECK((whole[j] == 0 || whole[j] == values[j]));
        if (whole[j] != 0) ++travelled;
      }
      CHECK(travelled == theirs.words);
    }
  }
}

TEST_CASE("subsets outside the limits are refused on both sides") {
  const Shape bad[] = {{10, 0, 0, 0, 0},         {10, 10, 1, 0, 0},       {10, 5, 6, 0, 0},
                       {10, 0, 10, 0, 1},        {10, 0, 10, 11, 1},      {10, 0, 10, 5, 0},
                       {10, 0, 10, 5, 3},        {70000, 0, 70000, 1, 5}, {10, 0xffffffff, 2, 0, 0},
                       {10, 1, 0xffffffff, 0, 0}};
  for (const auto& shape : bad) {
    CAPTURE(shape.first);
    CAPTURE(shape.count);
    CAPTURE(shape.block_words);
    CHECK_FALSE(server(shape, 1).fault().empty());
    const trib_subset theirs{shape.first, shape.count, shape.block_words, shape.blocks, 0,
                             false,       {}};
    CHECK_FALSE(trib_subset_valid(&theirs, shape.parameters));
  }
  auto feedback = server({10, 0, 10, 0, 0}, 1);
  feedback.error_feedback = true;
  CHECK_FALSE(feedback.fault().empty());
  const trib_subset theirs{0, 10, 0, 0, 10, true, {}};
  CHECK_FALSE(trib_subset_valid(&theirs, 10));
}

TEST_CASE("over the rounds every block travels about as often as another") {
  constexpr std::uint32_t blocks = 20;
  constexpr int rounds = 2000;
  std::vector<int> times(blocks);
  for (int round = 1; round <= rounds; ++round) {
    for (const auto& span :
         server({blocks, 0, blocks, 1, 5}, static_cast<std::uint64_t>(round)).travelling()) {
      for (std::uint32_t j = 0; j < span.count; ++j) ++times[span.first + j];
    }
  }
  // Binomial(2000, 1/4): mean 500, deviation 19.4.
  for (const int count : times) CHECK(std::abs(count - 500) < 97);
}

TEST_CASE(
    "property 11 and 12 with subsets: fuzzed floats keep the norm bound, n_max extremes decode "
    "exactly") {
  std::mt19937 random(11);
  constexpr std::uint32_t n_max = 50;
  for (const auto& shape : shapes()) {
    const auto subset = server(shape, 5);
    const auto chosen = device(shape, 5);
    EncodingPlan plan{RingBits::b32, subset.words(), 0, 2, 1, 0, 10, 4};
    choose_scales(plan, n_max);
    REQUIRE(plan.cannot_wrap(n_max));
    const trib_encoding terms{32, plan.scale_log2, 2.0F, 1.0F, 100, plan.weight_scale_log2, 10.0F,
                              4,  false,           0};
    std::vector<float> values(shape.parameters);
    for (auto& value : values) {
      value = static_cast<float>(static_cast<std::int32_t>(random())) * 0x1p-24F;
    }
    auto words_of = gathered(chosen, values);
    REQUIRE(trib_clip(words_of.data(), chosen.words, &terms) == TRIB_OK);
    const trib_update_summary full = {100, 2.5F, 3, 4};
    REQUIRE(trib_check_bounds(words_of.data(), chosen.words, &terms, &full, nullptr) == TRIB_OK);
    std::vector<std::int32_t> words(plan.words());
    trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), words_of.data(),
                      chosen.words, &terms, &full, nullptr);
    WordSums sum{{}, n_max};
    for (const auto word : words) sum.words.push_back(std::int64_t{word} * n_max);
    const auto ring = ring_centre(plan.bits, ring_words(plan.bits, sum.words));
    CHECK(ring == sum.words);
    CHECK(check_sum(plan, sum) == SumFault::none);
    const auto mean = scatter(subset, decode_mean(plan, sum).delta);
    words_of.resize(chosen.words);
    const auto sent = scatter(subset, words_of);
    for (std::size_t j = 0; j < mean.size(); ++j) {
      CHECK(std::abs(mean[j] - sent[j]) <= std::ldexp(1.0F, -plan.scale_log2) * 1.01F);
    }
  }
}
