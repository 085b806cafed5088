#include "cloud/round/combine.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>

#include "crypto/mask.hpp"

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

crypto::EncodingPlan plan_of(std::uint32_t parameters) {
  return {crypto::RingBits::b32, parameters, 16, 10, 1, 16, 10, 4};
}

crypto::Subset all(const crypto::EncodingPlan& plan) {
  return crypto::Subset::whole(plan.parameters);
}

// Every third parameter or so of `parameters`, drawn by the round.
crypto::Subset some(std::uint32_t parameters, std::uint64_t round) {
  crypto::Subset subset{parameters, {1, parameters - 1}, 2, 1};
  subset.blocks = (subset.all_blocks() + 2) / 3;
  subset.seed = crypto::block_seed(TaskId{}, round);
  return subset;
}

// One device's words: coordinates within the bound, weight w, no loss, nothing correct.
crypto::WordSums update(const crypto::EncodingPlan& plan, std::int64_t value, std::int64_t weight) {
  crypto::WordSums sums{std::vector<std::int64_t>(plan.words(), 0), 1};
  for (std::uint32_t j = 0; j < plan.parameters; ++j) sums.words[j] = value + j;
  sums.words[plan.parameters] = weight;
  return sums;
}

Bytes ring_bytes(const std::vector<std::int64_t>& words) {
  Bytes bytes;
  for (const auto word : words) {
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  }
  return bytes;
}

struct Masked {
  MaskedPart part;
  crypto::WordSums truth;
};

const crypto::ExchangeSecret& combiner() {
  static const auto secret = crypto::ExchangeSecret::random();
  return secret;
}

// Three devices behind the masks of two helpers.
Masked masked_part() {
  Masked made{{plan_of(6), 3, {}, {}}, {}};
  made.truth.words.assign(made.part.encoding.words(), 0);
  for (int i = 0; i < 3; ++i) made.truth.add(update(made.part.encoding, 100 * i - 50, 65536));
  made.part.words = ring_bytes(made.truth.words);
  for (std::uint8_t h = 1; h <= 2; ++h) {
    std::vector<crypto::Seed> seeds;
    for (int i = 0; i < 3; ++i) seeds.push_back(crypto::Seed::random());
    const auto masks = crypto::sum_masks(crypto::RingBits::b32, seeds, made.truth.words.size());
    crypto::ring_add(crypto::RingBits::b32, made.part.words, masks);
    crypto::SealStatement statement{};
    statement.helper.bytes.fill(h);
    const auto secret = crypto::ExchangeSecret::random();
    made.part.masks.push_back(
        {statement,
         crypto::seal_to_combiner(secret, crypto::exchange_key(combiner()), statement, masks)
             .value()});
  }
  return made;
}

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

TEST_CASE("masks come off exactly") {
  auto made = masked_part();
  const auto result = unmask(std::move(made.part), combiner());
  CHECK(result.fault.empty());
  CHECK(result.sums.words == made.truth.words);
  CHECK(result.sums.count == 3);
  CHECK(result.sum_hash == released_sum_hash(made.truth));
}

TEST_CASE("a sum that does not decode is burnt with the rule that failed") {
  const auto fault_after = [](auto change) {
    auto made = masked_part();
    change(made.part);
    return unmask(std::move(made.part), combiner()).fault;
  };
  CHECK(fault_after([](auto& part) { part.words.back() ^= 1; }).find("C2") != std::string::npos);
  CHECK(fault_after([](auto& part) { part.words[3] ^= 0x40; }).find("C3") != std::string::npos);
  CHECK(fault_after([](auto& part) { part.masks.pop_back(); }).find("C2") != std::string::npos);
  CHECK(fault_after([](auto& part) { part.masks[0].sealed.back() ^= 1; }).find("C1") !=
        std::string::npos);
  CHECK(fault_after([](auto& part) {
          part.masks[0].statement.survivors_hash.bytes[0] ^= 1;
        }).find("C1") != std::string::npos);
  CHECK(fault_after([](auto& part) {
          std::swap(part.masks[0].sealed, part.masks[1].sealed);
        }).find("C1") != std::string::npos);
  CHECK(fault_after([](auto& part) { part.count = 1; }).find("C3") != std::string::npos);
  // Every coordinate is within its bound, all of them together are not.
  CHECK(fault_after([](auto& part) { part.encoding.clip_l2 = 0.001; }).find("the norm exceeds") !=
        std::string::npos);
  CHECK(fault_after([](auto& part) {
          const auto& key = crypto::exchange_key(combiner());
          const Bytes shorter(part.words.size() - 4);
          part.masks[1].sealed = crypto::seal_to_combiner(crypto::ExchangeSecret::random(), key,
                                                          part.masks[1].statement, shorter)
                                     .value();
        }).find("48 bytes instead of 52") != std::string::npos);
}

TEST_CASE(
    "property: with a subset the average over gateways is the flat one, and the others stay to the "
    "bit") {
  CHECK(rc::check([] {
    const auto subset = some(23, *rc::gen::inRange<std::uint64_t>(1, 1000));
    const auto plan = plan_of(subset.words());
    crypto::WordSums flat{std::vector<std::int64_t>(plan.words(), 0), 0};
    std::vector<crypto::WordSums> leaves(3, flat);
    for (std::size_t i = 0; i < 12; ++i) {
      const auto words =
          update(plan, *rc::gen::inRange(-60000, 60000), *rc::gen::inRange(1, 65537));
      flat.add(words);
      leaves[*rc::gen::inRange<std::size_t>(0, 3)].add(words);
    }
    crypto::WordSums total{std::vector<std::int64_t>(plan.words(), 0), 0};
    for (const auto& leaf : leaves) total.add(leaf);
    std::vector<float> before(23);
    for (std::size_t j = 0; j < before.size(); ++j) before[j] = 0.1F * static_cast<float>(j);
    const auto next = next_model(subset, plan, total, floats(before), 0.7);
    RC_ASSERT(next.fault.empty());
    RC_ASSERT(next.model == next_model(subset, plan, flat, floats(before), 0.7).model);
    const auto delta = crypto::scatter(subset, crypto::decode_mean(plan, total).delta);
    std::vector<float> after(before.size());
    std::memcpy(after.data(), next.model.data(), next.model.size());
    const auto travelling = crypto::gather(subset, std::vector<float>(23, 1.0F)).size();
    RC_ASSERT(travelling == subset.words());
    for (std::size_t j = 0; j < before.size(); ++j) {
      RC_ASSERT(after[j] == before[j] + 0.7F * delta[j]);
    }
  }));
}

TEST_CASE("a robust rule sees the words that travel, and its result goes where they belong") {
  const auto subset = some(23, 5);
  const auto plan = plan_of(subset.words());
  crypto::WordSums total{std::vector<std::int64_t>(plan.words(), 0), 0};
  std::vector<GatewayMean> means;
  for (std::size_t part = 0; part < 5; ++part) {
    const auto sums = update(plan, part == 2 ? 60000 : 100, 65536);
    total.add(sums);
    means.push_back(gateway_mean(part, plan, sums));
  }
  const auto next = next_model(subset, plan, total, floats(std::vector<float>(23, 1.0F)), 1,
                               {robust::Kind::coordinate_median}, means);
  REQUIRE(next.fault.empty());
  const auto expected = crypto::scatter(subset, means[0].delta);
  for (std::size_t j = 0; j < expected.size(); ++j) {
    float value = 0;
    std::memcpy(&value, next.model.data() + 4 * j, 4);
    CHECK(value == 1.0F + expected[j]);
  }
}

TEST_CASE("a weighted average over gateways equals the flat one exactly, for any split") {
  CHECK(rc::check([] {
    const auto plan = plan_of(8);
    const auto devices = *rc::gen::inRange<std::size_t>(1, 30);
    const auto gateways = *rc::gen::inRange<std::size_t>(1, 6);
    crypto::WordSums flat{std::vector<std::int64_t>(plan.words(), 0), 0};
    std::vector<crypto::WordSums> leaves(gateways, flat);
    for (std::size_t i = 0; i < devices; ++i) {
      const auto words =
          update(plan, *rc::gen::inRange(-60000, 60000), *rc::gen::inRange(1, 65537));
      flat.add(words);
      leaves[*rc::gen::inRange<std::size_t>(0, gateways)].add(words);
    }
    crypto::WordSums total{std::vector<std::int64_t>(plan.words(), 0), 0};
    for (const auto& leaf : leaves) total.add(leaf);
    const auto model = floats(std::vector<float>(8, 0.25F));
    const auto hierarchical = next_model(all(plan), plan, total, model, 0.7);
    const auto direct = next_model(all(plan), plan, flat, model, 0.7);
    RC_ASSERT(hierarchical.fault.empty());
    RC_ASSERT(hierarchical.model == direct.model);
    RC_ASSERT(hierarchical.hash == direct.hash);
    RC_ASSERT(hierarchical.weight == direct.weight);
  }));
}

TEST_CASE("a poisoned gateway among five moves the mean, and no robust rule that tolerates one") {
  const auto plan = plan_of(4);
  crypto::WordSums total{std::vector<std::int64_t>(plan.words(), 0), 0};
  std::vector<GatewayMean> means;
  for (std::size_t part = 0; part < 5; ++part) {
    const auto sums = update(plan, part == 2 ? -60000 : 1000 + static_cast<int>(part), 65536);
    total.add(sums);
    means.push_back(gateway_mean(part, plan, sums));
  }
  const auto model = floats(std::vector<float>(4, 0.0F));
  const auto first = [&](const NextModel& next) {
    float value = 0;
    std::memcpy(&value, next.model.data(), sizeof value);
    return static_cast<double>(value);
  };
  const double honest = static_cast<double>(means[0].delta[0]);
  CHECK(first(next_model(all(plan), plan, total, model, 1)) < -10 * honest);
  for (const auto kind :
       {robust::Kind::coordinate_median, robust::Kind::trimmed_mean, robust::Kind::krum,
        robust::Kind::multi_krum, robust::Kind::norm_filter}) {
    robust::Rule rule;
    rule.kind = kind;
    rule.attackers = 1;
    const auto next = next_model(all(plan), plan, total, model, 1, rule, means);
    CHECK(next.fault.empty());
    CHECK(first(next) == doctest::Approx(honest).epsilon(0.01));
    CHECK(next.weight == doctest::Approx(5));
    const bool chooses = kind == robust::Kind::krum || kind == robust::Kind::multi_krum ||
                         kind == robust::Kind::norm_filter;
    CHECK((std::ranges::count(next.left_out, 2U) == 1) == chooses);
  }
  robust::Rule krum;
  krum.kind = robust::Kind::krum;
  krum.attackers = 2;
  const auto too_few = next_model(all(plan), plan, total, model, 1, krum, means);
  CHECK(too_few.fault.find("at least 7 updates") != std::string::npos);
  CHECK(too_few.model.empty());
}

TEST_CASE("the next model is the model plus rate times the weighted mean") {
  const auto plan = plan_of(2);
  crypto::WordSums total{std::vector<std::int64_t>(plan.words(), 0), 0};
  total.add(update(plan, 32768, 65536));  // +0.5 at weight 1
  total.add(update(plan, 0, 32768));      // 0 at weight 0.5
  const auto next = next_model(all(plan), plan, total, floats({1.0F, 2.0F}), 0.5);
  REQUIRE(next.fault.empty());
  float first = 0;
  std::memcpy(&first, next.model.data(), sizeof first);
  CHECK(first == doctest::Approx(1.0 + 0.5 * (0.5 / 1.5)));
  CHECK(next.weight == doctest::Approx(1.5));
  CHECK(next.hash == model_hash(next.model));
}

TEST_CASE("no model comes out of the wrong one or of an overflow") {
  const auto plan = plan_of(2);
  const auto words = update(plan, 1, 65536);
  CHECK_FALSE(next_model(all(plan), plan, words, floats({1.0F}), 1).fault.empty());
  CHECK_FALSE(next_model(all(plan), plan, words, floats({1.0F, INFINITY}), 1).fault.empty());
}

TEST_CASE("a first parameter that is stepped is another number next to it, and finite") {
  for (const float value : {0.0F, 1.0F, -1.0F, std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::lowest()}) {
    auto model = floats({value, 5.0F});
    step_first_parameter(model);
    float stepped = 0;
    std::memcpy(&stepped, model.data(), sizeof stepped);
    CHECK(std::isfinite(stepped));
    const bool next =
        stepped == std::nextafter(value, INFINITY) || stepped == std::nextafter(value, -INFINITY);
    CHECK(next);
    CHECK(Bytes(model.begin() + 4, model.end()) == floats({5.0F}));
  }
}
