#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "crypto/robust/centred_clipping.hpp"
#include "crypto/robust/coordinatewise.hpp"
#include "crypto/robust/distances.hpp"
#include "crypto/robust/rule.hpp"
#include "crypto/robust/selection.hpp"

using namespace tributary::robust;

namespace {

using Vectors = std::vector<std::vector<float>>;

std::vector<Update> updates_of(const Vectors& vectors) {
  std::vector<Update> updates;
  for (const auto& vector : vectors) updates.push_back({vector});
  return updates;
}

Vectors column(const std::vector<float>& values) {
  Vectors vectors;
  for (const float value : values) vectors.push_back({value});
  return vectors;
}

float of(Kind kind, const std::vector<float>& values, std::uint32_t attackers = 0) {
  const auto vectors = column(values);
  Rule rule;
  rule.kind = kind;
  rule.attackers = attackers;
  return aggregate(rule, updates_of(vectors)).values.at(0);
}

const std::vector<Kind> kinds = {
    Kind::mean, Kind::norm_filter, Kind::coordinate_median, Kind::trimmed_mean,
    Kind::krum, Kind::multi_krum,  Kind::centred_clipping};

// Between 5 and 12 vectors of one to five small integers.
rc::Gen<Vectors> some_vectors() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 6), [](std::size_t size) {
    return rc::gen::mapcat(rc::gen::inRange<std::size_t>(5, 13), [size](std::size_t count) {
      const auto vector = rc::gen::container<std::vector<float>>(
          size, rc::gen::cast<float>(rc::gen::inRange(-50, 51)));
      return rc::gen::container<Vectors>(count, vector);
    });
  });
}

// Whether Krum's choice between some two of these, against one attacker, is a matter of their order.
bool krum_ties(const Vectors& vectors) {
  const auto updates = updates_of(vectors);
  const Distances distances(updates);
  std::vector<double> scores;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    scores.push_back(distances.score(i, vectors.size() - 3));
  }
  std::ranges::sort(scores);
  return std::ranges::adjacent_find(scores, [](double a, double b) { return b - a < 1e-6; }) !=
         scores.end();
}

}  // namespace

TEST_CASE("small cases by hand") {
  CHECK(of(Kind::mean, {1, 2, 6}) == 3);
  CHECK(of(Kind::coordinate_median, {9, 1, 5}) == 5);
  CHECK(of(Kind::coordinate_median, {9, 1, 5, 6}) == 5.5F);
  CHECK(of(Kind::trimmed_mean, {100, 1, 2, 3, -100}, 1) == 2);
  CHECK(of(Kind::norm_filter, {1, -1, 2, 100}) == doctest::Approx(2.0 / 3));
  // Krum with n = 5, f = 1: two nearest; 2 has 1 + 1.
  CHECK(of(Kind::krum, {1, 2, 3, 7, 100}, 1) == 2);
  // multi-Krum keeps 2: then 1 (its nearest left is 3, as it is for 3; the lower index wins).
  CHECK(of(Kind::multi_krum, {1, 2, 3, 7, 100}, 1) == 1.5F);
}

TEST_CASE("centred clipping moves by at most the radius a step, and arrives where all agree") {
  const Vectors vectors(5, std::vector<float>{3, 4});
  const auto updates = updates_of(vectors);
  const std::vector<float> start{0, 0};
  const auto once = centred_clipping(updates, start, {1, 1});
  CHECK(once[0] == doctest::Approx(0.6));
  CHECK(once[1] == doctest::Approx(0.8));
  const auto arrived = centred_clipping(updates, start, {1, 5});
  CHECK(arrived[0] == doctest::Approx(3));
  CHECK(arrived[1] == doctest::Approx(4));
}

TEST_CASE("weights count in the mean, in what is chosen for it, and nowhere else") {
  const auto vectors = column({1, 1, 1, 5, 5});
  auto updates = updates_of(vectors);
  updates[3].weight = 1000;
  CHECK(aggregate({}, updates).values[0] == doctest::Approx(5008.0 / 1004));
  Rule median;
  median.kind = Kind::coordinate_median;
  CHECK(aggregate(median, updates).values[0] == 1);
}

TEST_CASE("those a rule does not believe are named") {
  const auto vectors = column({1, 1.1F, 0.9F, 1, 40});
  Rule rule;
  rule.kind = Kind::norm_filter;
  CHECK(aggregate(rule, updates_of(vectors)).left_out == std::vector<std::size_t>{4});
  rule.kind = Kind::multi_krum;
  rule.attackers = 1;
  const auto left_out = aggregate(rule, updates_of(vectors)).left_out;
  CHECK(std::ranges::count(left_out, 4U) == 1);
}

TEST_CASE("the order of updates does not matter, but for ties of Krum, which go by index") {
  CHECK(rc::check([] {
    const auto vectors = *some_vectors();
    auto shuffled = vectors;
    std::ranges::reverse(shuffled);
    for (const auto kind : kinds) {
      Rule rule;
      rule.kind = kind;
      rule.attackers = 1;
      if ((kind == Kind::krum || kind == Kind::multi_krum) && krum_ties(vectors)) continue;
      const auto one = aggregate(rule, updates_of(vectors)).values;
      const auto other = aggregate(rule, updates_of(shuffled)).values;
      for (std::size_t j = 0; j < one.size(); ++j) {
        RC_ASSERT(std::abs(one[j] - other[j]) <= 1e-3F);
      }
    }
  }));
}

TEST_CASE("median and trimmed mean agree with sorting, coordinate by coordinate") {
  CHECK(rc::check([] {
    const auto vectors = *some_vectors();
    const auto median = coordinate_median(updates_of(vectors));
    const auto trimmed = trimmed_mean(updates_of(vectors), 2);
    for (std::size_t j = 0; j < median.size(); ++j) {
      std::vector<double> sorted;
      for (const auto& vector : vectors) sorted.push_back(static_cast<double>(vector[j]));
      std::ranges::sort(sorted);
      const auto n = sorted.size();
      const double middle = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
      double sum = 0;
      for (std::size_t i = 2; i + 2 < n; ++i) sum += sorted[i];
      RC_ASSERT(static_cast<double>(median[j]) == middle);
      RC_ASSERT(std::abs(static_cast<double>(trimmed[j]) - sum / static_cast<double>(n - 4)) <
                1e-5);
    }
  }));
}

TEST_CASE("rules say what they need") {
  Rule rule;
  rule.kind = Kind::multi_krum;
  rule.attackers = 2;
  CHECK(fault_of(rule, 7).empty());
  CHECK(fault_of(rule, 6).find("at least 7") != std::string::npos);
  rule.kind = Kind::trimmed_mean;
  CHECK(fault_of(rule, 5).empty());
  CHECK_FALSE(fault_of(rule, 4).empty());
  rule.kind = Kind::norm_filter;
  rule.factor = 0;
  CHECK_FALSE(fault_of(rule, 4).empty());
  for (const auto kind : kinds) CHECK(kind_of(name_of(kind)) == kind);
  CHECK_FALSE(kind_of("average"));
}

TEST_CASE("updates that are not sound are refused by name") {
  const auto fault = [](const std::vector<Update>& updates) {
    try {
      aggregate({}, updates);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const Vectors good{{1, 2}, {3, 4}};
  auto updates = updates_of(good);
  CHECK(fault(updates).empty());
  CHECK_FALSE(fault({}).empty());
  const std::vector<float> shorter{1};
  updates[1].values = shorter;
  CHECK(fault(updates).find("update 1 has another length") != std::string::npos);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> holed{1, bad};
    updates[1].values = holed;
    CHECK(fault(updates).find("update 1 holds a number that is not finite") != std::string::npos);
  }
  updates = updates_of(good);
  updates[0].weight = 0;
  CHECK(fault(updates).find("update 0 has a weight") != std::string::npos);
}

TEST_CASE("every rule refuses what it cannot do, and says why") {
  const Vectors vectors{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}};
  const auto updates = updates_of(vectors);
  const auto refusal = [](auto call) {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto says = [&](auto call, const char* words) {
    return refusal(call).find(words) != std::string::npos;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double factor : {0.0, -1.0, infinity, std::nan("")}) {
    CHECK(says([&] { norm_filter(updates, factor); }, "must be above 0"));
  }
  CHECK(refusal([&] { multi_krum(updates, 1, 2); }).empty());
  CHECK(says([&] { multi_krum(updates, 2, 1); }, "2 attackers needs at least 7 updates, not 5"));
  CHECK(says([&] { multi_krum(updates, SIZE_MAX / 2, 1); }, "attackers needs at least"));
  CHECK(says([&] { multi_krum(updates, 1, 0); }, "can keep 1 to 2 of 5"));
  CHECK(says([&] { multi_krum(updates, 1, 3); }, "can keep 1 to 2 of 5"));
  CHECK(refusal([&] { trimmed_mean(updates, 2); }).empty());
  CHECK(says([&] { trimmed_mean(updates, 3); }, "trimming 3 at both ends leaves none of 5"));
  CHECK(says([&] { trimmed_mean(updates, SIZE_MAX / 2 + 1); }, "leaves none of 5"));
  const std::vector<float> start{0, 0}, shorter{0};
  CHECK(refusal([&] { centred_clipping(updates, start, {1, 1}); }).empty());
  CHECK(says([&] { centred_clipping(updates, shorter, {1, 1}); }, "another length"));
  for (const Clipping& clipping :
       {Clipping{0, 1}, Clipping{-1, 1}, Clipping{infinity, 1}, Clipping{1, 0}}) {
    CHECK(says([&] { centred_clipping(updates, start, clipping); }, "must be above 0"));
    Rule rule;
    rule.kind = Kind::centred_clipping;
    rule.clipping = clipping;
    CHECK(fault_of(rule, 5) == "radius and iterations must be above 0");
  }
  CHECK(says([&] { coordinate_median({}); }, "no updates"));
  CHECK(fault_of({}, 0) == "there are no updates");
}

TEST_CASE("centred clipping goes on from where it is told to start") {
  const Vectors vectors{{10, 0}, {10, 0}};
  Rule rule;
  rule.kind = Kind::centred_clipping;
  rule.clipping = {1, 1};
  const std::vector<float> start{5, 0};
  CHECK(aggregate(rule, updates_of(vectors)).values == std::vector<float>{1, 0});
  CHECK(aggregate(rule, updates_of(vectors), start).values == std::vector<float>{6, 0});
}
