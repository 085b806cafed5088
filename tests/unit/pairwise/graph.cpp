#include "crypto/pairwise/graph.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "crypto/public_draw.hpp"
#include "tests/unit/pairwise/vectors.hpp"

using namespace tributary;
using namespace tributary::pairwise;

TEST_CASE("the graph of the vectors") {
  const auto& vector = tests::secagg_vectors().at("pairwise");
  const GraphSeed seed = graph_seed(tests::fixed<Hash>(vector.at("roster_root")),
                                    tests::fixed<Hash>(vector.at("beacon")));
  CHECK(seed == tests::fixed<GraphSeed>(vector.at("graph_seed")));
  using List = std::vector<std::uint32_t>;
  const auto ring = boost::json::value_to<List>(vector.at("position_to_id"));
  const auto devices = static_cast<std::uint32_t>(ring.size());
  const Graph graph(seed, devices, tests::number_of(vector.at("degree")));
  CHECK(graph.ring() == ring);
  for (std::uint32_t device = 0; device < devices; ++device) {
    CHECK(graph.neighbours(device) ==
          boost::json::value_to<List>(vector.at("neighbours").at(std::to_string(device))));
  }
}

TEST_CASE("every degree a graph can have: symmetric, exact, complete where it says so") {
  for (std::uint32_t n = 2; n <= 24; ++n) {
    for (std::uint32_t k = 1; k < n; ++k) {
      if (k % 2 != 0 && k != n - 1) {
        CHECK_THROWS_AS(Graph({}, n, k), std::invalid_argument);
        continue;
      }
      const Graph graph(GraphSeed{{7}}, n, k);
      for (std::uint32_t a = 0; a < n; ++a) {
        const auto near = graph.neighbours(a);
        CHECK(std::set(near.begin(), near.end()).size() == k);
        for (std::uint32_t b = 0; b < n; ++b) {
          const bool listed = std::ranges::binary_search(near, b);
          CHECK(graph.adjacent(a, b) == listed);
          CHECK(graph.adjacent(b, a) == listed);
          CHECK(graph.share_point(a, b).has_value() == listed);
        }
        for (std::size_t place = 0; place < near.size(); ++place) {
          CHECK(graph.share_point(a, near[place]) == place + 1);
        }
        CHECK(!graph.adjacent(a, a));
      }
    }
  }
}

TEST_CASE("graphs that cannot be are refused") {
  CHECK_THROWS_AS(Graph({}, 1, 0), std::invalid_argument);
  CHECK_THROWS_AS(Graph({}, 10, 0), std::invalid_argument);
  CHECK_THROWS_AS(Graph({}, 10, 10), std::invalid_argument);
  CHECK_THROWS_AS(Graph({}, 1000, 256), std::invalid_argument);
  CHECK_THROWS_AS(Graph({}, 256, 255), std::invalid_argument);
  CHECK(Graph({}, 255, 254).neighbours(0).size() == 254);
  CHECK_THROWS_AS((void)Graph({}, 10, 4).neighbours(10), std::out_of_range);
}

TEST_CASE("draws are uniform where a plain remainder would not be") {
  // 3 * 2^30: a quarter of the words is passed over; a remainder would favour the first third.
  const std::uint32_t bound = 3U << 30;
  crypto::PublicDraw draw(Hash{{1}});
  int in_first_third = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint32_t value = draw.below(bound);
    CHECK(value < bound);
    in_first_third += value < bound / 3;
  }
  CHECK(in_first_third > 9'500);
  CHECK(in_first_third < 10'500);
  CHECK_THROWS_AS(draw.below(0), std::invalid_argument);
}
