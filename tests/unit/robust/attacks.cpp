// What attackers can do to the result, each rule against what it is meant for.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "crypto/robust/rule.hpp"

using namespace tributary::robust;

namespace {

constexpr std::size_t honest_count = 16;
constexpr std::size_t attacker_count = 4;  // 20 % of 20
constexpr std::size_t size = 50;

using Vectors = std::vector<std::vector<float>>;

// Honest updates: 1 in every coordinate, and Gaussian noise of standard deviation 0.1.
Vectors honest(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 0.1F);
  Vectors vectors(honest_count, std::vector<float>(size));
  for (auto& vector : vectors) {
    for (auto& value : vector) value = 1 + noise(random);
  }
  return vectors;
}

// Distance of the result from the mean of the honest, per coordinate.
double damage(Kind kind, const Vectors& all) {
  std::vector<Update> updates;
  for (const auto& vector : all) updates.push_back({vector});
  Rule rule;
  rule.kind = kind;
  rule.attackers = attacker_count;
  rule.clipping = {1.0, 20};
  const auto result = aggregate(rule, updates).values;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < honest_count; ++i) first.push_back(i);
  const auto truth = weighted_mean(updates, first);
  double squares = 0;
  for (std::size_t j = 0; j < size; ++j) {
    const double difference = static_cast<double>(result[j]) - static_cast<double>(truth[j]);
    squares += difference * difference;
  }
  return std::sqrt(squares / size);
}

Vectors attacked(unsigned seed, float value) {
  auto all = honest(seed);
  all.resize(honest_count + attacker_count, std::vector<float>(size, value));
  return all;
}

}  // namespace

TEST_CASE("flipped, scaled and huge updates: every robust rule stays near the honest mean") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    for (const float value : {-1.0F, -10.0F, 50.0F, 1e20F}) {
      CAPTURE(seed);
      CAPTURE(value);
      const auto all = attacked(seed, value);
      CHECK(damage(Kind::mean, all) > 0.3);  // the attack works where nothing stops it
      CHECK(damage(Kind::coordinate_median, all) < 0.15);
      CHECK(damage(Kind::trimmed_mean, all) < 0.15);
      CHECK(damage(Kind::krum, all) < 0.2);
      CHECK(damage(Kind::multi_krum, all) < 0.1);
    }
  }
}

TEST_CASE("the norm filter stops what is scaled, and says nothing of what is flipped") {
  CHECK(damage(Kind::norm_filter, attacked(1, 50)) < 1e-6);
  CHECK(damage(Kind::norm_filter, attacked(1, 1e20F)) < 1e-6);
  CHECK(damage(Kind::norm_filter, attacked(1, -1)) > 0.3);
}

TEST_CASE("centred clipping bounds what each attacker moves") {
  // Each of 20 moves the centre by at most radius / 20 an iteration; the honest pull back.
  for (const float value : {-10.0F, 50.0F, 1e20F}) {
    CAPTURE(value);
    CHECK(damage(Kind::centred_clipping, attacked(2, value)) < 0.3);
  }
}

TEST_CASE("a crowd that agrees and hides within the honest spread is what no rule sees") {
  // 0.9 in every coordinate is one standard deviation off: the stated limit of all of them.
  for (const auto kind : {Kind::coordinate_median, Kind::trimmed_mean, Kind::multi_krum}) {
    CHECK(damage(kind, attacked(3, 0.9F)) < 0.12);
  }
}

TEST_CASE("without attackers no rule costs more than its share of the noise") {
  const auto all = attacked(4, 1.0F);
  for (const auto kind : {Kind::coordinate_median, Kind::trimmed_mean, Kind::multi_krum}) {
    CHECK(damage(kind, all) < 0.1);
  }
}
