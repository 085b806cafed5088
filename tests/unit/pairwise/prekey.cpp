#include "crypto/pairwise/prekey.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/unit/pairwise/fleet_world.hpp"

using namespace tributary;
using namespace tributary::pairwise;
using tests::FleetWorld;

namespace {

const FleetWorld& world() {
  static const FleetWorld made(8, 4, 3);
  return made;
}

SlotSecrets secrets_of(std::uint32_t owner) {
  return world().devices[owner].chain.secrets({world().graph.seed(), world().threshold});
}

// What a holder gets out of an owner's prekey; nullopt: nothing.
std::optional<Share> opened(const Prekey& prekey, std::uint32_t holder, ShareKind kind) {
  const auto point = world().graph.share_point(prekey.head.device, holder);
  const SealedShares& sealed = prekey.shares.at(*point - 1U);
  return open_held_share(prekey.head, world().graph, holder,
                         world().holder_key(prekey.head.device, holder), kind,
                         kind == ShareKind::mask_secret ? sealed.mask_secret : sealed.self_seed);
}

}  // namespace

TEST_CASE("holders open their shares, and the threshold of them gives both secrets") {
  const Prekey prekey = world().prekey(2);
  CHECK(check(prekey, world().terms(), world().devices[2].listed) == PrekeyFault::none);
  const SlotSecrets secrets = secrets_of(2);
  CHECK(prekey.head.mask_key == mask_key(secrets.mask_secret));
  CHECK(prekey.head.commitment == commitment(secrets.self_seed));
  for (const auto kind : {ShareKind::mask_secret, ShareKind::self_seed}) {
    std::vector<Share> shares;
    for (const auto holder : world().graph.neighbours(2)) {
      auto share = opened(prekey, holder, kind);
      REQUIRE(share);
      CHECK(share->point == world().graph.share_point(2, holder));
      shares.push_back(std::move(*share));
    }
    const auto secret = reconstruct(shares, 3);
    REQUIRE(secret);
    const auto expected =
        kind == ShareKind::mask_secret ? secrets.mask_secret.expose() : secrets.self_seed.expose();
    CHECK(*secret == *SharedSecret::from(expected));
  }
}

TEST_CASE("a share opens for its holder, owner, slot, kind and prekey only") {
  const Prekey prekey = world().prekey(2);
  const auto holders = world().graph.neighbours(2);
  const auto& for_first = prekey.shares[0].mask_secret;
  const auto open_with = [&](const PrekeyHead& head, std::uint32_t holder, ShareKind kind,
                             const SealedShare& sealed) {
    return open_held_share(head, world().graph, holder, world().holder_key(2, holder), kind, sealed)
        .has_value();
  };
  CHECK(open_with(prekey.head, holders[0], ShareKind::mask_secret, for_first));
  CHECK(!open_with(prekey.head, holders[1], ShareKind::mask_secret, for_first));
  CHECK(!open_with(prekey.head, holders[0], ShareKind::self_seed, for_first));
  for (std::size_t at : {0U, 31U, 32U, 47U}) {
    SealedShare spoilt = for_first;
    spoilt.bytes[at] ^= 1;
    CHECK(!open_with(prekey.head, holders[0], ShareKind::mask_secret, spoilt));
  }
  PrekeyHead other = prekey.head;
  ++other.slot;
  CHECK(!open_with(other, holders[0], ShareKind::mask_secret, for_first));
  other = prekey.head;
  other.mask_key.bytes[0] ^= 1;
  CHECK(!open_with(other, holders[0], ShareKind::mask_secret, for_first));
  other = prekey.head;
  other.commitment.bytes[0] ^= 1;
  CHECK(!open_with(other, holders[0], ShareKind::mask_secret, for_first));
  // The same two devices the other way round have another key.
  CHECK(!(world().holder_key(2, holders[0]) == world().holder_key(holders[0], 2)));
  // Not a neighbour: no point on the polynomial.
  for (std::uint32_t stranger = 0; stranger < 8; ++stranger) {
    if (world().graph.adjacent(2, stranger)) continue;
    CHECK(!open_with(prekey.head, stranger, ShareKind::mask_secret, for_first));
  }
  CHECK(!open_with(prekey.head, 2, ShareKind::mask_secret, for_first));
}

TEST_CASE("what a neighbour and the gateway check") {
  const Prekey good = world().prekey(5);
  const RosterDevice& owner = world().devices[5].listed;
  const auto fault = [&](auto change) {
    Prekey prekey = good;
    change(prekey);
    return check(prekey, world().terms(), owner);
  };
  CHECK(fault([](Prekey&) {}) == PrekeyFault::none);
  CHECK(fault([](Prekey& p) { p.head.graph.bytes[0] ^= 1; }) == PrekeyFault::other_terms);
  CHECK(fault([](Prekey& p) { ++p.head.threshold; }) == PrekeyFault::other_terms);
  CHECK(fault([](Prekey& p) { ++p.head.slot; }) == PrekeyFault::other_terms);
  CHECK(fault([](Prekey& p) { p.head.neighbours = 6; }) == PrekeyFault::other_terms);
  CHECK(fault([](Prekey& p) { p.head.device = 4; }) == PrekeyFault::other_owner);
  CHECK(fault([](Prekey& p) { p.head.owner.bytes[0] ^= 1; }) == PrekeyFault::other_owner);
  CHECK(fault([](Prekey& p) { p.head.mask_key.bytes[9] ^= 1; }) == PrekeyFault::bad_signature);
  CHECK(fault([](Prekey& p) { p.head.commitment.bytes[9] ^= 1; }) == PrekeyFault::bad_signature);
  CHECK(fault([](Prekey& p) { p.head.shares_hash.bytes[9] ^= 1; }) == PrekeyFault::bad_signature);
  CHECK(fault([](Prekey& p) { p.head.signature.bytes[9] ^= 1; }) == PrekeyFault::bad_signature);
  CHECK(fault([](Prekey& p) { p.shares[3].self_seed.bytes[1] ^= 1; }) == PrekeyFault::other_shares);
  CHECK(fault([](Prekey& p) { p.shares.pop_back(); }) == PrekeyFault::other_shares);
  CHECK(check(good, world().terms(), world().devices[4].listed) == PrekeyFault::other_owner);
}

TEST_CASE("the layout: exact lengths, every field where the header says") {
  const Prekey prekey = world().prekey(1);
  const Bytes bytes = encode(prekey);
  CHECK(bytes.size() == 220 + 4 * 96);
  CHECK(decode_prekey(bytes) == prekey);
  const Bytes head = encode(prekey.head);
  CHECK(head.size() == prekey_head_bytes);
  CHECK(decode_prekey_head(head) == prekey.head);
  CHECK(Bytes(head.begin(), head.begin() + 12) == Bytes{1, 4, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0});
  CHECK(*MaskKey::from(ByteView(head).subspan(60, 32)) == prekey.head.mask_key);
  CHECK(*Hash::from(ByteView(head).subspan(124, 32)) == prekey.head.shares_hash);
  CHECK(*SealedShare::from(ByteView(bytes).subspan(220 + 96 + 48, 48)) ==
        prekey.shares[1].self_seed);

  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(!decode_prekey(longer));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!decode_prekey(ByteView(bytes).first(size)));
  }
  const auto refused = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = head;
    changed[at] = value;
    return !decode_prekey_head(changed);
  };
  CHECK(refused(0, 2));
  CHECK(refused(1, 2));  // fewer neighbours than the threshold
  CHECK(refused(1, 255));
  CHECK(refused(2, 0));
  CHECK(refused(2, 5));
  CHECK(refused(3, 1));
}

TEST_CASE("a batch is the same bytes after a reset, and slots have nothing in common") {
  const auto keys = world().owner_keys(0);
  const auto& device = world().devices[0];
  const PrekeyOwner owner{0, device.listed.id, device.identity, keys};
  const auto batch = make_prekeys(device.chain, 4, world().graph, 3, owner);
  REQUIRE(batch.size() == 4);
  CHECK(batch == make_prekeys(device.chain, 4, world().graph, 3, owner));
  // Where a batch begins makes no difference to a slot.
  CHECK(make_prekeys(device.chain.next(), 2, world().graph, 3, owner)[1] == batch[2]);
  for (std::size_t a = 0; a < batch.size(); ++a) {
    CHECK(batch[a].head.slot == 3 + a);
    for (std::size_t b = 0; b < a; ++b) {
      CHECK(batch[a].head.mask_key != batch[b].head.mask_key);
      CHECK(batch[a].head.commitment != batch[b].head.commitment);
    }
  }
  // Another graph or threshold has other secrets: no polynomial gets more shares than k.
  const Graph other_graph(GraphSeed{{1}}, 8, 4);
  CHECK(make_prekey(device.chain, other_graph, 3, owner).head.mask_key != batch[0].head.mask_key);
  CHECK(make_prekey(device.chain, world().graph, 2, owner).head.mask_key != batch[0].head.mask_key);
  const SlotTerms terms{world().graph.seed(), 3};
  CHECK(device.chain.coefficients(terms, ShareKind::mask_secret) !=
        device.chain.coefficients(terms, ShareKind::self_seed));
  CHECK_THROWS_AS((void)make_prekey(device.chain, world().graph, 0, owner), std::invalid_argument);
  CHECK_THROWS_AS((void)make_prekey(device.chain, world().graph, 5, owner), std::invalid_argument);
  CHECK_THROWS_AS((void)PrekeyChain(0xffffffff, ChainKey::random()).next(), std::length_error);
}

TEST_CASE("low-order epoch keys give no pair key") {
  auto parties = world().parties(0, 1);
  parties.holder_key = {};
  CHECK(!share_pair_key(world().devices[0].epoch, ShareSide::owner, parties));
}
