#include "crypto/pairwise/reveal.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/pairwise/fleet_world.hpp"

using namespace tributary;
using namespace tributary::pairwise;
using tests::FleetWorld;

namespace {

const FleetWorld& world() {
  static const FleetWorld made(10, 6, 3);
  return made;
}

SurvivorSet set_of(std::vector<std::uint32_t> alive) {
  return *SurvivorSet::from(10, std::move(alive));
}

RevealFault refusal(const std::optional<RevealRecord>& last, const RevealTerms& terms,
                    const SurvivorSet& survivors, std::size_t signers = 6) {
  const auto decided = decide(last, terms, world().certificate(survivors, signers), survivors);
  REQUIRE(!decided);
  return decided.reason();
}

}  // namespace

TEST_CASE("of each neighbour exactly one share may leave") {
  const auto survivors = set_of({0, 1, 3, 4, 6, 7, 8});
  const auto record =
      decide(std::nullopt, world().reveal_terms(0), world().certificate(survivors, 4), survivors);
  REQUIRE(record);
  const auto neighbours = world().graph.neighbours(0);
  int alive = 0;
  for (std::size_t place = 0; place < neighbours.size(); ++place) {
    const bool survived = survivors.contains(neighbours[place]);
    alive += survived;
    CHECK(record->kind_for(place) == (survived ? ShareKind::self_seed : ShareKind::mask_secret));
    // A gateway that asks for both gets one.
    CHECK(may_reveal(*record, {world().round(), place, ShareKind::self_seed}) == survived);
    CHECK(may_reveal(*record, {world().round(), place, ShareKind::mask_secret}) == !survived);
    auto other = world().round();
    --other.slot;
    CHECK(!may_reveal(*record, {other, place, record->kind_for(place)}));
    other = world().round();
    other.ctx_hash.bytes[0] ^= 1;
    CHECK(!may_reveal(*record, {other, place, record->kind_for(place)}));
  }
  CHECK(alive > 0);
  CHECK(alive < 6);
  CHECK(!may_reveal(*record, {world().round(), 254, ShareKind::mask_secret}));
}

TEST_CASE("two survivor sets under one slot: the second is refused, the first answered again") {
  const auto first = set_of({0, 1, 3, 4, 6, 7, 8});
  const auto second = set_of({0, 1, 2, 3, 4, 6, 7, 8});
  const auto terms = world().reveal_terms(0);
  const auto record = decide(std::nullopt, terms, world().certificate(first, 4), first);
  REQUIRE(record);
  // After a crash the persisted record decides.
  const auto persisted = decode_reveal_record(encode(*record));
  CHECK(persisted == *record);
  CHECK(*decide(persisted, terms, world().certificate(first, 6), first) == *record);
  CHECK(refusal(persisted, terms, second) == RevealFault::other_survivors);
  auto earlier = terms;
  --earlier.slot;
  CHECK(refusal(persisted, earlier, first) == RevealFault::bad_certificate);
  auto later = *persisted;
  ++later.vow.round.slot;
  CHECK(refusal(later, terms, first) == RevealFault::burnt_slot);
  CHECK(refusal(later, terms, second) == RevealFault::burnt_slot);
}

TEST_CASE("nothing is revealed without the quorum, for another context, or for too few") {
  const auto survivors = set_of({0, 1, 3, 4, 6, 7, 8});
  auto terms = world().reveal_terms(0);
  CHECK(refusal(std::nullopt, terms, survivors, 3) == RevealFault::bad_certificate);
  auto other_context = terms;
  other_context.ctx_hash.bytes[0] ^= 1;
  CHECK(refusal(std::nullopt, other_context, survivors) == RevealFault::bad_certificate);
  terms.survivors_min = 8;
  CHECK(refusal(std::nullopt, terms, survivors) == RevealFault::too_few_survivors);
  const auto of_eleven = *SurvivorSet::from(11, {0, 1, 3, 4});
  CHECK(refusal(std::nullopt, world().reveal_terms(0), of_eleven) == RevealFault::bad_certificate);
}

TEST_CASE("the record's bytes") {
  const auto survivors = set_of({0, 1, 3, 4, 6, 7, 8});
  const auto record =
      decide(std::nullopt, world().reveal_terms(5), world().certificate(survivors, 4), survivors);
  const Bytes bytes = encode(*record);
  CHECK(bytes.size() == reveal_record_bytes);
  CHECK(!decode_reveal_record(ByteView(bytes).first(135)));
  Bytes spoilt = bytes;
  spoilt[0] = 2;
  CHECK(!decode_reveal_record(spoilt));
}

TEST_CASE("a whole round: prekeys, masked uploads, witnesses, reveals, the exact sum") {
  const auto alive = std::vector<std::uint32_t>{0, 1, 3, 4, 6, 7, 8, 9};
  const auto survivors = set_of(alive);
  const auto bits = crypto::RingBits::b16;
  std::vector<Prekey> prekeys;
  std::vector<MaskKey> keys;
  std::vector<Published> published;
  for (std::uint32_t i = 0; i < 10; ++i) {
    prekeys.push_back(world().prekey(i));
    keys.push_back(prekeys[i].head.mask_key);
    published.push_back({keys[i], prekeys[i].head.commitment});
  }
  Bytes sum(64);
  Bytes expected(64);
  for (const auto i : alive) {
    Bytes words(64, static_cast<std::uint8_t>(3 * i + 1));
    crypto::ring_add(bits, expected, words);
    const auto secrets =
        world().devices[i].chain.secrets({world().graph.seed(), world().threshold});
    const auto seeds = upload_seeds(world().graph, keys,
                                    {i, secrets.mask_secret, secrets.self_seed}, world().ctx_hash);
    add_masks(bits, *seeds, words);
    crypto::ring_add(bits, sum, words);
  }
  const auto certificate = world().certificate(survivors, 4);
  std::vector<std::vector<Share>> revealed(10);  // by owner
  for (const auto holder : alive) {
    const auto record = decide(std::nullopt, world().reveal_terms(holder), certificate, survivors);
    REQUIRE(record);
    const auto neighbours = world().graph.neighbours(holder);
    for (std::size_t place = 0; place < neighbours.size(); ++place) {
      const auto owner = neighbours[place];
      const auto point = *world().graph.share_point(owner, holder);
      const SealedShares& sealed = prekeys[owner].shares[point - 1U];
      const ShareKind kind = record->kind_for(place);
      auto share = open_held_share(
          prekeys[owner].head, world().graph, holder, world().holder_key(owner, holder), kind,
          kind == ShareKind::mask_secret ? sealed.mask_secret : sealed.self_seed);
      REQUIRE(share);
      revealed[owner].push_back(std::move(*share));
    }
  }
  OpenedSecrets opened;
  for (std::uint32_t owner = 0; owner < 10; ++owner) {
    const auto secret = reconstruct(revealed[owner], world().threshold);
    REQUIRE(secret);
    if (survivors.contains(owner)) {
      opened.survivors.push_back({owner, *SelfSeed::from(secret->expose())});
    } else {
      opened.dropped.push_back({owner, *MaskSecret::from(secret->expose())});
    }
  }
  CHECK(!unmask(bits, world().graph, published, opened, world().ctx_hash, sum));
  CHECK(sum == expected);
}
