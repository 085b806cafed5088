// The parts of a pairwise round on the device, byte for byte beside crypto/pairwise.
#include "device-protocol/src/prekey.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include <cstring>

#include "crypto/pairwise/member_tree.hpp"
#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/slot_vow.hpp"
#include "crypto/pairwise/witnesses.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/member_path.h"
#include "device-protocol/src/survivors.h"

using namespace tributary;
using namespace tributary::pairwise;

namespace {

const trib_crypto_port* port = &trib_posix_crypto;

// An owner among `devices` and its neighbours, known to both libraries.
struct Owner {
  Owner(std::uint32_t devices, std::uint32_t degree, std::uint8_t t)
      : graph(graph_seed(crypto::hash("roster", {}), crypto::hash("beacon", {})), devices, degree),
        threshold(t),
        chain(41, ChainKey::random()),
        identity(crypto::SigningKey::random()),
        epoch(crypto::ExchangeSecret::random()) {
    REQUIRE(sodium_init() >= 0);
    id.bytes.fill(7);
    for (const auto index : graph.neighbours(index_of_owner)) add_neighbour(index);
  }

  void add_neighbour(std::uint32_t index) {
    const auto secret = crypto::ExchangeSecret::random();
    DeviceId other;
    other.bytes.fill(static_cast<std::uint8_t>(index + 100));
    const ShareParties out{id, exchange_key(epoch), other, exchange_key(secret)};
    const ShareParties in{other, exchange_key(secret), id, exchange_key(epoch)};
    pair_keys.push_back(*share_pair_key(epoch, ShareSide::owner, out));
    back_keys.push_back(*share_pair_key(epoch, ShareSide::holder, in));
    trib_neighbour neighbour{};
    neighbour.index = index;
    trib_share_end own{};
    trib_share_end theirs{};
    std::memcpy(own.id, id.bytes.data(), sizeof own.id);
    std::memcpy(own.key, exchange_key(epoch).bytes.data(), sizeof own.key);
    std::memcpy(theirs.id, other.bytes.data(), sizeof theirs.id);
    std::memcpy(theirs.key, exchange_key(secret).bytes.data(), sizeof theirs.key);
    REQUIRE(trib_share_pair_keys(port, neighbour.to_holder, neighbour.from_owner,
                                 epoch.expose().data(), &own, &theirs) == TRIB_OK);
    neighbours.push_back(neighbour);
  }

  trib_slot_terms terms(std::uint32_t slot) const {
    trib_slot_terms made{};
    std::memcpy(made.graph_seed, graph.seed().bytes.data(), sizeof made.graph_seed);
    made.slot = slot;
    made.threshold = threshold;
    return made;
  }

  Bytes made(const trib_slot_terms& slot_terms, ByteView chain_key) const {
    Bytes bytes(TRIB_PREKEY_HEAD_BYTES + TRIB_PREKEY_SHARE_BYTES * neighbours.size());
    Bytes scratch(32 * std::size_t{threshold});
    const trib_prekey_owner owner = {
        index_of_owner,   id.bytes.data(),   identity.expose().data(),
        chain_key.data(), neighbours.data(), static_cast<std::uint8_t>(neighbours.size())};
    REQUIRE(trib_make_prekey(port, bytes.data(), scratch.data(), &slot_terms, &owner) == TRIB_OK);
    CHECK(scratch == Bytes(scratch.size()));
    return bytes;
  }

  static constexpr std::uint32_t index_of_owner = 2;
  Graph graph;
  std::uint8_t threshold;
  PrekeyChain chain;
  crypto::SigningKey identity;
  crypto::ExchangeSecret epoch;
  DeviceId id;
  std::vector<SharePairKey> pair_keys, back_keys;
  std::vector<trib_neighbour> neighbours;
};

}  // namespace

TEST_CASE("prekeys: the device makes the bytes that make_prekey makes") {
  struct Case {
    std::uint32_t devices, degree;
    std::uint8_t threshold;
  };
  for (const auto& [devices, degree, threshold] :
       std::vector<Case>{{4, 3, 2}, {3, 2, 1}, {3, 2, 2}, {20, 6, 4}, {255, 254, 254}}) {
    CAPTURE(devices);
    const Owner owner(devices, degree, threshold);
    const PrekeyOwner other{Owner::index_of_owner, owner.id, owner.identity, owner.pair_keys};
    const auto expected = encode(make_prekey(owner.chain, owner.graph, owner.threshold, other));
    CHECK(owner.made(owner.terms(41), owner.chain.key().expose()) == expected);
    // One slot on, by the device's own step of the chain.
    Bytes key(owner.chain.key().expose().begin(), owner.chain.key().expose().end());
    trib_chain_next(port, key.data());
    const PrekeyChain next = owner.chain.next();
    CHECK(owner.made(owner.terms(42), key) ==
          encode(make_prekey(next, owner.graph, owner.threshold, other)));
  }
}

TEST_CASE("prekeys: a sealed share opens for its holder, kind and slot, and for nothing else") {
  const Owner owner(4, 3, 2);
  const Bytes share(32, 9);
  const Bytes mask_key(32, 1);
  const Bytes commitment(32, 2);
  const ShareName reference{owner.graph.seed(), 41, ShareKind::self_seed,
                            *MaskKey::from(ByteView(mask_key)),
                            *SeedCommitment::from(ByteView(commitment))};
  // Sealed by the neighbour that owns it, in C++; opened in C.
  auto sealed = seal_share(owner.back_keys[1], reference, *ShareValue::from(ByteView(share)));
  trib_share_name name = {owner.graph.seed().bytes.data(), 41, TRIB_SHARE_SELF_SEED,
                          mask_key.data(), commitment.data()};
  Bytes opened(32);
  const auto* key = owner.neighbours[1].from_owner;
  CHECK(trib_open_share(port, opened.data(), key, &name, sealed.bytes.data()) == TRIB_OK);
  CHECK(opened == share);
  Bytes again(TRIB_SEALED_SHARE_BYTES);
  trib_seal_share(port, again.data(), key, &name, share.data());
  CHECK(ByteView(again).size() == sealed.bytes.size());
  CHECK(std::equal(again.begin(), again.end(), sealed.bytes.begin()));
  const auto refused = [&] {
    return trib_open_share(port, opened.data(), key, &name, sealed.bytes.data()) ==
               TRIB_BAD_SIGNATURE &&
           opened == Bytes(32);
  };
  SUBCASE("the other kind") {
    name.kind = TRIB_SHARE_MASK_SECRET;
  }
  SUBCASE("another slot") {
    name.slot = 42;
  }
  SUBCASE("another mask key") {
    name.mask_key = commitment.data();
  }
  SUBCASE("the other direction of the pair") {
    key = owner.neighbours[1].to_holder;
  }
  SUBCASE("a flipped bit of the text") {
    sealed.bytes[0] ^= 1;
  }
  SUBCASE("a flipped bit of the tag") {
    sealed.bytes[47] ^= 128;
  }
  CHECK(refused());
}

TEST_CASE("attack: a head signed by nobody, of another slot, owner, graph or threshold") {
  Owner owner(4, 3, 2);
  const Bytes bytes = owner.made(owner.terms(41), owner.chain.key().expose());
  Bytes head(bytes.begin(), bytes.begin() + TRIB_PREKEY_HEAD_BYTES);
  trib_neighbour known{};
  known.index = Owner::index_of_owner;
  std::memcpy(known.id, owner.id.bytes.data(), sizeof known.id);
  std::memcpy(known.verify_key, verify_key(owner.identity).bytes.data(), sizeof known.verify_key);
  trib_slot_terms terms = owner.terms(41);
  trib_slot_keys keys{};
  std::uint8_t degree = 3;
  const auto read = [&] {
    return trib_read_head(port, &keys, head.data(), head.size(), &terms, degree, &known);
  };
  REQUIRE(read() == TRIB_OK);
  CHECK(std::memcmp(keys.mask_key, bytes.data() + 60, 32) == 0);
  CHECK(std::memcmp(keys.commitment, bytes.data() + 92, 32) == 0);
  CHECK(trib_head_index(head.data()) == Owner::index_of_owner);
  trib_status expected = TRIB_BAD_CONTEXT;
  SUBCASE("no signature") {
    std::fill(head.begin() + 156, head.end(), std::uint8_t{0});
    expected = TRIB_BAD_SIGNATURE;
  }
  SUBCASE("another mask key under the signature") {
    head[60] ^= 1;
    expected = TRIB_BAD_SIGNATURE;
  }
  SUBCASE("another slot") {
    terms.slot = 40;
  }
  SUBCASE("another threshold") {
    terms.threshold = 3;
  }
  SUBCASE("another graph") {
    terms.graph_seed[0] ^= 1;
  }
  SUBCASE("another degree") {
    degree = 4;
  }
  SUBCASE("another owner's place") {
    known.index = 1;
  }
  SUBCASE("another owner") {
    known.id[0] ^= 1;
  }
  SUBCASE("another version") {
    head[0] = 2;
    expected = TRIB_MALFORMED;
  }
  SUBCASE("reserved byte") {
    head[3] = 1;
    expected = TRIB_MALFORMED;
  }
  SUBCASE("too long") {
    head.push_back(0);
    expected = TRIB_MALFORMED;
  }
  CHECK(read() == expected);
}

TEST_CASE("members: device and server agree on every path of every size") {
  REQUIRE(sodium_init() >= 0);
  for (std::uint32_t n = 1; n <= 20; ++n) {
    std::vector<Hash> leaves;
    for (std::uint32_t i = 0; i < n; ++i) {
      const Bytes certificate = {1, static_cast<std::uint8_t>(i)};
      const Bytes key = {2, static_cast<std::uint8_t>(i)};
      leaves.push_back(member_leaf(i, certificate, key));
      const trib_part parts[] = {{certificate.data(), 2}, {key.data(), 2}};
      Hash leaf;
      trib_member_leaf(port, leaf.bytes.data(), i, &parts[0], &parts[1]);
      CHECK(leaf == leaves.back());
    }
    const MemberTree tree(leaves);
    for (std::uint32_t i = 0; i < n; ++i) {
      unsigned char siblings[14][TRIB_HASH_BYTES] = {};
      const auto path = tree.path(i);
      for (std::size_t s = 0; s < path.size(); ++s) {
        std::memcpy(siblings[s], path[s].bytes.data(), TRIB_HASH_BYTES);
      }
      const auto leads = [&](std::uint32_t at, std::size_t count) {
        const trib_member_path given = {at, n, siblings, count};
        return trib_path_leads(port, tree.root().bytes.data(), leaves[i].bytes.data(), &given);
      };
      CHECK(leads(i, path.size()));
      CHECK_FALSE(leads(i, path.size() + 1));
      if (!path.empty()) CHECK_FALSE(leads(i, path.size() - 1));
      CHECK_FALSE(leads(i + n, path.size()));
      for (std::uint32_t other = 0; other < n; ++other) {
        if (other != i) CHECK_FALSE(leads(other, path.size()));
      }
    }
  }
}

TEST_CASE("survivors: hash, count and witnesses are those of crypto/pairwise") {
  REQUIRE(sodium_init() >= 0);
  const GraphSeed seed{{3, 1}};
  const Hash ctx_hash = crypto::hash("context", {});
  for (const std::uint32_t n : {3U, 8U, 9U, 100U, 5000U}) {
    CAPTURE(n);
    Bytes bitmap((n + 7) / 8);
    std::vector<std::uint32_t> alive;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (i % 3 == 1) continue;
      alive.push_back(i);
      trib_set_bit(bitmap.data(), i);
    }
    CHECK(trib_survivor_count(bitmap.data(), n) == alive.size());
    trib_slot_vow vow{};
    vow.slot = 77;
    std::memcpy(vow.graph_seed, seed.bytes.data(), 32);
    std::memcpy(vow.ctx_hash, ctx_hash.bytes.data(), 32);
    trib_hash_survivors(port, &vow, bitmap.data(), n, static_cast<std::uint32_t>(alive.size()));
    const auto set = SurvivorSet::from(n, alive);
    const Hash expected = set->hash({seed, ctx_hash, 77});
    CHECK(std::memcmp(vow.survivors_hash, expected.bytes.data(), 32) == 0);
    std::vector<std::uint16_t> order(n);
    Bytes drawn((n + 7) / 8);
    const std::uint32_t w = std::min(n, 30U);
    trib_draw_witnesses(port, drawn.data(), order.data(), seed.bytes.data(), 77, n, w);
    std::vector<std::uint32_t> witnesses;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (trib_bit(drawn.data(), i)) witnesses.push_back(i);
    }
    CHECK(witnesses == choose_witnesses(seed, 77, n, w));
    if (n % 8 != 0) {
      trib_set_bit(bitmap.data(), n);
      CHECK(trib_survivor_count(bitmap.data(), n) > n);
    }
  }
}

TEST_CASE("a slot is spoken about once: the rule of slot_vow.hpp") {
  trib_slot_vow last{};
  last.slot = 5;
  CHECK(trib_may_say(nullptr, &last));
  CHECK(trib_may_say(&last, &last));
  trib_slot_vow next = last;
  next.slot = 4;
  CHECK_FALSE(trib_may_say(&last, &next));
  next.slot = 6;
  next.survivors_hash[0] = 1;
  CHECK(trib_may_say(&last, &next));
  for (unsigned char* part : {next.graph_seed, next.ctx_hash, next.survivors_hash}) {
    next = last;
    part[31] = 1;
    CHECK_FALSE(trib_may_say(&last, &next));
  }
}
