#include "gateway/round/device_rule.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace tributary;
using gateway::round::aggregate_devices;

namespace {

constexpr std::uint32_t parameters = 40;

crypto::EncodingPlan plan_of(crypto::RingBits bits = crypto::RingBits::b32) {
  crypto::EncodingPlan plan{bits, parameters, 0, 5, 1, 0, 10, 4};
  crypto::choose_scales(plan, 20);
  return plan;
}

// What an honest device of weight w with this delta uploads.
std::vector<std::int64_t> update(const crypto::EncodingPlan& plan, double w,
                                 const std::vector<double>& delta) {
  std::vector<std::int64_t> words;
  for (const double value : delta) {
    words.push_back(static_cast<std::int64_t>(std::trunc(std::ldexp(w * value, plan.scale_log2))));
  }
  const auto weight =
      static_cast<std::int64_t>(std::ldexp(w, static_cast<int>(plan.weight_scale_log2)));
  words.insert(words.end(), {weight, weight / 10, weight / 2, 0, 0, 0, 0});
  return words;
}

struct Site {
  std::mt19937 random{7};
  crypto::EncodingPlan plan = plan_of();
  std::vector<Bytes> updates;
  std::vector<double> honest_mean = std::vector<double>(parameters);

  void add_honest(int count, double spread = 0.02) {
    std::normal_distribution<double> noise(0, spread);
    for (int i = 0; i < count; ++i) {
      std::vector<double> delta(parameters);
      for (std::size_t j = 0; j < parameters; ++j) delta[j] = 0.1 + noise(random);
      for (std::size_t j = 0; j < parameters; ++j) honest_mean[j] += delta[j] / count;
      updates.push_back(crypto::ring_words(plan.bits, update(plan, 0.5, delta)));
    }
  }
  void add(double value, double w = 1) {
    updates.push_back(
        crypto::ring_words(plan.bits, update(plan, w, std::vector<double>(parameters, value))));
  }
  // The mean the combiner would read, and that it accepts the sum.
  std::vector<float> mean(const gateway::round::DeviceAggregate& aggregate) const {
    REQUIRE(aggregate.fault.empty());
    const crypto::WordSums sum{crypto::ring_centre(plan.bits, aggregate.words), updates.size()};
    CHECK(crypto::check_sum(plan, sum) == crypto::SumFault::none);
    return crypto::decode_mean(plan, sum).delta;
  }
  double error(const gateway::round::DeviceAggregate& aggregate) const {
    double worst = 0;
    const auto got = mean(aggregate);
    for (std::size_t j = 0; j < parameters; ++j) {
      worst = std::max(worst, std::abs(static_cast<double>(got[j]) - honest_mean[j]));
    }
    return worst;
  }
};

const robust::Kind every_rule[] = {robust::Kind::norm_filter,  robust::Kind::coordinate_median,
                                   robust::Kind::trimmed_mean, robust::Kind::krum,
                                   robust::Kind::multi_krum,   robust::Kind::centred_clipping};

}  // namespace

TEST_CASE(
    "attack: two of twelve devices flip and scale their updates; every rule but the mean stops "
    "them") {
  Site site;
  site.add_honest(10);
  site.add(-0.75);
  site.add(-0.75);
  for (const auto kind : every_rule) {
    robust::Rule rule{kind, 2, 2, {0.5, 5}};
    CAPTURE(robust::name_of(kind));
    CHECK(site.error(aggregate_devices(site.plan, rule, site.updates)) < 0.08);
  }
  CHECK(site.error(aggregate_devices(site.plan, {}, site.updates)) > 0.2);
}

TEST_CASE("rules that choose name whom they did not believe") {
  Site site;
  site.add_honest(5);
  site.add(-0.7);
  const auto filtered =
      aggregate_devices(site.plan, {robust::Kind::norm_filter, 0, 2}, site.updates);
  CHECK(filtered.not_believed == std::vector<std::size_t>{5});
  CHECK(filtered.out_of_bounds.empty());
}

TEST_CASE(
    "attack: garbage, a claimed weight of nothing, metrics that cannot be; left out before any "
    "rule") {
  Site site;
  site.add_honest(6);
  const auto honest = update(site.plan, 0.5, std::vector<double>(parameters, 0.1));
  const auto spoilt = [&](std::size_t word, std::int64_t value) {
    auto words = honest;
    words[word] = value;
    site.updates.push_back(crypto::ring_words(site.plan.bits, words));
  };
  std::mt19937 random(3);
  Bytes garbage(site.updates.front().size());
  for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random());
  site.updates.push_back(garbage);
  spoilt(parameters + 6, 1);                       // a canary
  spoilt(3, site.plan.coordinate_bound() + 1);     // beyond the clip
  spoilt(parameters, 1);                           // hardly any weight, so any mean
  spoilt(parameters, 0);                           // none at all
  spoilt(parameters + 1, honest[parameters] + 1);  // more loss than weight
  spoilt(parameters + 2, -1);                      // negative accuracy
  const auto result = aggregate_devices(site.plan, {robust::Kind::coordinate_median}, site.updates);
  CHECK(result.out_of_bounds == std::vector<std::size_t>{6, 7, 8, 9, 10, 11, 12});
  CHECK(site.error(result) < 0.05);
}

TEST_CASE("an honest update of any weight is within its bounds, in every ring") {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    const auto plan = plan_of(bits);
    for (const double w : {1.0, 0.75, 0.1, 0.01}) {
      std::vector<double> delta(parameters, 0);
      delta[0] = 1;  // on the coordinate's clip
      const std::vector<Bytes> one = {crypto::ring_words(plan.bits, update(plan, w, delta))};
      CHECK(aggregate_devices(plan, {}, one).out_of_bounds.empty());
    }
  }
}

TEST_CASE("too few sound updates for the rule: a fault in words and no sum") {
  Site site;
  site.add_honest(4);
  const auto result = aggregate_devices(site.plan, {robust::Kind::multi_krum, 1}, site.updates);
  CHECK(result.fault.find("needs at least 5 updates") != std::string::npos);
  CHECK(result.words.empty());
}
