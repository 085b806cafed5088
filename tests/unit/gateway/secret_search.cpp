#include "gateway/round/secret_search.hpp"

#include <doctest/doctest.h>

#include "gateway/round/pairwise_terms.hpp"
#include "gateway/round/reveal_ledger.hpp"

using namespace tributary;
using namespace tributary::gateway::round;

namespace {

// Six devices who all know each other, three shares; the last dropped out.
struct Secrets {
  pairwise::Graph graph{{}, 6, 5};
  std::vector<pairwise::Published> published;
  std::vector<bool> survived{true, true, true, true, true, false};
  std::vector<std::vector<pairwise::Share>> shares;
  std::vector<Bytes> values;

  Secrets() {
    for (std::uint32_t owner = 0; owner < 6; ++owner) {
      const auto mask = pairwise::MaskSecret::random();
      const auto seed = pairwise::SelfSeed::random();
      published.push_back({pairwise::mask_key(mask), pairwise::commitment(seed)});
      const auto bytes = survived[owner] ? seed.expose() : mask.expose();
      values.emplace_back(bytes.begin(), bytes.end());
      shares.push_back(pairwise::split(*pairwise::SharedSecret::from(bytes), 3, 5));
    }
  }
  void spoil(std::uint32_t owner, std::size_t place) {
    shares[owner][place].value = pairwise::ShareValue::random();
  }
  FoundSecrets found() const { return find_secrets({graph, published, survived, 3}, shares); }
};

}  // namespace

TEST_CASE(
    "every secret is put together, of survivors the self seed, of the dropped the mask secret") {
  const Secrets secrets;
  const auto found = secrets.found();
  CHECK(found.wrong.empty());
  REQUIRE(found.opened.survivors.size() == 5);
  REQUIRE(found.opened.dropped.size() == 1);
  for (const auto& [device, seed] : found.opened.survivors) {
    CHECK(std::ranges::equal(seed.expose(), secrets.values[device]));
  }
  CHECK(std::ranges::equal(found.opened.dropped[0].secret.expose(), secrets.values[5]));
}

TEST_CASE("attack: wrong shares among more than the threshold are stepped over") {
  Secrets secrets;
  secrets.spoil(1, 0);
  secrets.spoil(1, 3);
  secrets.spoil(5, 2);
  CHECK(secrets.found().wrong.empty());
}

TEST_CASE("with fewer right shares than the threshold the owner is named, and nobody else") {
  Secrets secrets;
  for (const std::size_t place : {0U, 2U, 4U}) secrets.spoil(2, place);
  secrets.shares[4].erase(secrets.shares[4].begin() + 2, secrets.shares[4].end());
  const auto found = secrets.found();
  CHECK(found.wrong == std::vector<std::uint32_t>{2, 4});
  CHECK(found.opened.survivors.size() == 3);
}

TEST_CASE("the search ends: a hopeless secret costs a bounded number of tries") {
  const auto seed = pairwise::SelfSeed::random();
  pairwise::Graph graph({}, 101, 100);
  std::vector<pairwise::Published> published(101, {{}, pairwise::commitment(seed)});
  std::vector<std::vector<pairwise::Share>> shares(101);
  shares[0] = pairwise::split(*pairwise::SharedSecret::from(seed.expose()), 40, 100);
  for (auto& share : shares[0]) share.value = pairwise::ShareValue::random();
  const auto found = find_secrets({graph, published, std::vector<bool>(101, true), 40}, shares);
  CHECK(found.wrong.size() == 101);
}

TEST_CASE("the ledger counts a place once and knows what a secret lacks") {
  const auto terms = std::make_shared<const PairwiseTerms>(
      PairwiseTerms{pairwise::Graph({}, 4, 3), std::vector<DeviceId>(4), {}, 1, 2, {}, {}});
  RevealLedger ledger(terms);
  ledger.enter(0, 0, {true, true, true});
  ledger.enter(0, 0, {true, true, true});
  CHECK(ledger.answered(0, 1, 2));
  CHECK_FALSE(ledger.answered(0, 1, 3));
  CHECK_FALSE(ledger.answered(1, 0, 1));
  CHECK(ledger.first_lack()->shares == 0);
  ledger.enter(1, 0, {true, true, true});
  CHECK(ledger.lacking() == 2);  // of members 0 and 1 there is one share each
  ledger.enter(2, 0, {true, true, false});
  CHECK(ledger.complete());
  ledger.need_more(3);
  CHECK_FALSE(ledger.complete());
  CHECK(ledger.first_lack()->owner == 3);
  CHECK(ledger.first_lack()->shares == 2);
  ledger.need_more(3);
  CHECK(ledger.lacking() == 1);
}
