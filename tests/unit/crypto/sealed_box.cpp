#include "crypto/sealed_box.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::crypto;

namespace {

struct Sealing {
  ExchangeSecret helper = ExchangeSecret::random();
  ExchangeSecret combiner = ExchangeSecret::random();
  SealStatement statement{Hash{{1}}, Hash{{2}}, HelperId{{3}}};
  Bytes words = Bytes(100, 42);

  Bytes seal() const { return *seal_to_combiner(helper, exchange_key(combiner), statement, words); }
};

}  // namespace

TEST_CASE("what is sealed opens, and sealing again gives the same bytes") {
  const Sealing sealing;
  const Bytes sealed = sealing.seal();
  CHECK(sealed.size() == sealing.words.size() + 48);
  CHECK(sealed == sealing.seal());
  CHECK(open_sealed(sealing.combiner, sealing.statement, sealed) == sealing.words);
}

TEST_CASE("an empty sum can be sealed") {
  Sealing sealing;
  sealing.words.clear();
  CHECK(open_sealed(sealing.combiner, sealing.statement, sealing.seal()) == Bytes{});
}

TEST_CASE("another statement or key opens nothing") {
  const Sealing sealing;
  const Bytes sealed = sealing.seal();
  SealStatement other = sealing.statement;
  other.ctx_hash = Hash{};
  CHECK_FALSE(open_sealed(sealing.combiner, other, sealed).has_value());
  other = sealing.statement;
  other.survivors_hash = Hash{};
  CHECK_FALSE(open_sealed(sealing.combiner, other, sealed).has_value());
  other = sealing.statement;
  other.helper = HelperId{};
  CHECK_FALSE(open_sealed(sealing.combiner, other, sealed).has_value());
  CHECK_FALSE(open_sealed(ExchangeSecret::random(), sealing.statement, sealed).has_value());
}

TEST_CASE("other survivors get another ephemeral key") {
  Sealing sealing;
  const Bytes one = sealing.seal();
  sealing.statement.survivors_hash = Hash{{9}};
  const Bytes two = sealing.seal();
  CHECK_FALSE(std::equal(one.begin(), one.begin() + 32, two.begin()));
}

TEST_CASE("every flipped byte and every truncation is noticed") {
  const Sealing sealing;
  const Bytes sealed = sealing.seal();
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    CAPTURE(at);
    Bytes changed = sealed;
    // In the key's top bit X25519 ignores what it is given, but the derivation does not.
    changed[at] ^= 0x80;
    CHECK_FALSE(open_sealed(sealing.combiner, sealing.statement, changed).has_value());
    CHECK_FALSE(
        open_sealed(sealing.combiner, sealing.statement, ByteView(sealed).first(at)).has_value());
  }
}

TEST_CASE("low-order keys are refused on both sides") {
  const Sealing sealing;
  CHECK_FALSE(seal_to_combiner(sealing.helper, ExchangeKey{}, sealing.statement, sealing.words)
                  .has_value());
  Bytes sealed = sealing.seal();
  std::fill_n(sealed.begin(), 32, std::uint8_t{0});
  CHECK_FALSE(open_sealed(sealing.combiner, sealing.statement, sealed).has_value());
}
