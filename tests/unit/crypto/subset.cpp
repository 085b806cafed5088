#include "crypto/subset.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace tributary;
using namespace tributary::crypto;

namespace {

// Of 10 parameters the last 9 are trained; of their five blocks of 2 words `blocks` travel.
Subset some(std::uint32_t blocks, std::uint64_t round = 1) {
  return {10, {1, 9}, 2, blocks, block_seed(TaskId{}, round)};
}

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("blocks there are to draw from: the last may be shorter") {
  CHECK(some(1).all_blocks() == 5);
  CHECK(Subset{10, {0, 10}, 2}.all_blocks() == 5);
  CHECK(Subset{10, {0, 10}, 3}.all_blocks() == 4);
  CHECK(Subset{10, {0, 10}, 10}.all_blocks() == 1);
  CHECK(Subset::whole(10).all_blocks() == 0);
}

TEST_CASE("what travels comes back where it was, and nowhere else") {
  const std::vector<float> values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (std::uint32_t blocks = 1; blocks <= 5; ++blocks) {
    for (std::uint64_t round = 1; round <= 20; ++round) {
      const auto subset = some(blocks, round);
      REQUIRE(subset.fault().empty());
      const auto words = gather(subset, values);
      CHECK(words.size() == subset.words());
      const auto back = scatter(subset, words);
      std::size_t travelled = 0;
      for (std::size_t j = 0; j < values.size(); ++j) {
        CHECK((back[j] == values[j] || back[j] == 0));
        if (back[j] != 0) ++travelled;
      }
      CHECK(travelled == subset.words());
      CHECK(back[0] == 0);  // not trained
    }
  }
  CHECK(gather(Subset::whole(10), values) == values);
  CHECK(scatter(Subset::whole(10), values) == values);
}

TEST_CASE("vectors of another length than the subset says are refused with both lengths") {
  const auto subset = some(2);
  const std::vector<float> values(10), words(subset.words());
  CHECK(refusal([&] { gather(subset, words); }).find("values of 10 parameters") !=
        std::string::npos);
  CHECK(refusal([&] { scatter(subset, words); }).empty());
  const std::string both = "words, but " + std::to_string(subset.words()) + " travel";
  const auto shorter = std::span(words).first(words.size() - 1);
  CHECK(refusal([&] { scatter(subset, shorter); }).find(both) != std::string::npos);
  CHECK(refusal([&] { scatter(subset, values); }).find("10 " + both) != std::string::npos);
}
