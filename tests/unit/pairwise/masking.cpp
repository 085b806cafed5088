#include "crypto/pairwise/masking.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "crypto/pairwise/unmasking.hpp"
#include "tests/unit/pairwise/round_world.hpp"
#include "tests/unit/pairwise/vectors.hpp"

using namespace tributary;
using namespace tributary::pairwise;
using tests::RoundWorld;

namespace {

Bytes words32(const boost::json::value& values) {
  Bytes bytes;
  for (const auto value : boost::json::value_to<std::vector<std::int64_t>>(values)) {
    for (const auto byte : crypto::le32(static_cast<std::uint32_t>(value))) bytes.push_back(byte);
  }
  return bytes;
}

// The sum of the survivors' uploads with the masks still in it.
Bytes masked_sum(const RoundWorld& world, std::span<const std::uint32_t> survivors) {
  Bytes sum(world.words * crypto::word_bytes(world.bits));
  for (const auto device : survivors) crypto::ring_add(world.bits, sum, world.upload(device));
  return sum;
}

Bytes plain_sum(const RoundWorld& world, std::span<const std::uint32_t> survivors) {
  Bytes sum(world.words * crypto::word_bytes(world.bits));
  for (const auto device : survivors) crypto::ring_add(world.bits, sum, world.plain(device));
  return sum;
}

std::vector<std::uint32_t> members(std::uint32_t devices, unsigned subset) {
  std::vector<std::uint32_t> listed;
  for (std::uint32_t device = 0; device < devices; ++device) {
    if (subset >> device & 1) listed.push_back(device);
  }
  return listed;
}

std::optional<UnmaskFault> unmask_in(const RoundWorld& world, const OpenedSecrets& opened,
                                     std::span<std::uint8_t> sum) {
  return unmask(world.bits, world.graph, world.published, opened, world.ctx_hash, sum);
}

std::size_t mask_count(const RoundWorld& world, const OpenedSecrets& opened) {
  const auto seeds = remaining_seeds(world.graph, world.published, opened, world.ctx_hash);
  return seeds->plus.size() + seeds->minus.size();
}

// One per survivor and one per edge between a survivor and a dropped device: no other work.
std::size_t expected_count(const RoundWorld& world, std::span<const std::uint32_t> survivors) {
  std::size_t count = survivors.size();
  for (const auto dropped : tests::others(world.devices(), survivors)) {
    for (const auto survivor : survivors) count += world.graph.adjacent(dropped, survivor);
  }
  return count;
}

// Whether every device has `threshold` neighbours among the survivors.
bool enough(const RoundWorld& world, std::span<const std::uint32_t> survivors) {
  for (std::uint32_t device = 0; device < world.devices(); ++device) {
    std::size_t alive = 0;
    for (const auto survivor : survivors) alive += world.graph.adjacent(device, survivor);
    if (alive < world.threshold) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the round of the vectors: masks, uploads, and the sum without the dropped") {
  const auto& vector = tests::secagg_vectors().at("pairwise");
  const Hash ctx_hash = tests::fixed<Hash>(vector.at("context_hash"));
  const auto& inputs = vector.at("inputs").as_array();
  const auto devices = static_cast<std::uint32_t>(inputs.size());
  const Graph graph(tests::fixed<GraphSeed>(vector.at("graph_seed")), devices,
                    tests::number_of(vector.at("degree")));
  std::vector<MaskSecret> secrets;
  std::vector<SelfSeed> seeds;
  std::vector<Published> published;
  std::vector<MaskKey> keys;
  for (std::uint32_t i = 0; i < devices; ++i) {
    secrets.push_back(*MaskSecret::from(tests::bytes_of(vector.at("x25519_secrets").at(i))));
    seeds.push_back(*SelfSeed::from(tests::bytes_of(vector.at("self_seeds").at(i))));
    keys.push_back(mask_key(secrets[i]));
    published.push_back({keys[i], commitment(seeds[i])});
  }
  const auto first = graph.neighbours(0).front();
  const auto expected = tests::bytes_of(vector.at("mask_0_and_first_neighbour"));
  CHECK(*pair_mask_seed(secrets[0], keys[0], keys[first], ctx_hash) ==
        *crypto::Seed::from(expected));
  CHECK(*pair_mask_seed(secrets[first], keys[first], keys[0], ctx_hash) ==
        *crypto::Seed::from(expected));

  const auto dropped = boost::json::value_to<std::vector<std::uint32_t>>(vector.at("dropped"));
  Bytes sum(words32(vector.at("sum")).size());
  OpenedSecrets opened;
  for (std::uint32_t i = 0; i < devices; ++i) {
    Bytes words = words32(inputs[i]);
    add_masks(crypto::RingBits::b32,
              *upload_seeds(graph, keys, {i, secrets[i], seeds[i]}, ctx_hash), words);
    CHECK(words == tests::bytes_of(vector.at("masked").at(i)));
    if (std::ranges::binary_search(dropped, i)) {
      opened.dropped.push_back({i, secrets[i].clone()});
    } else {
      opened.survivors.push_back({i, seeds[i].clone()});
      crypto::ring_add(crypto::RingBits::b32, sum, words);
    }
  }
  CHECK(!unmask(crypto::RingBits::b32, graph, published, opened, ctx_hash, sum));
  CHECK(sum == words32(vector.at("sum")));
}

TEST_CASE("every subset of 4 to 6 devices: the exact sum, or nothing below the threshold") {
  int exact = 0;
  int closed = 0;
  for (std::uint32_t n = 4; n <= 6; ++n) {
    for (std::uint32_t k = 2; k < n; ++k) {
      if (k % 2 != 0 && k != n - 1) continue;
      for (std::size_t t = 1; t <= k; ++t) {
        const RoundWorld world(n, k, t, "subsets");
        for (unsigned subset = 1; subset < 1U << n; ++subset) {
          const auto survivors = members(n, subset);
          const auto opened = world.opened(survivors);
          CHECK(opened.has_value() == enough(world, survivors));
          // In a complete graph a survivor's own shares lie with the others.
          if (k == n - 1) CHECK(opened.has_value() == (survivors.size() > t));
          if (!opened) {
            ++closed;
            continue;
          }
          ++exact;
          Bytes sum = masked_sum(world, survivors);
          CHECK(sum != plain_sum(world, survivors));
          CHECK(mask_count(world, *opened) == expected_count(world, survivors));
          CHECK(!unmask_in(world, *opened, sum));
          CHECK(sum == plain_sum(world, survivors));
        }
      }
    }
  }
  CHECK(exact > 50);
  CHECK(closed > 50);
}

TEST_CASE("all three rings, a larger graph, many dropped") {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    RoundWorld world(60, 20, 7, "larger");
    world.bits = bits;
    world.words = 1000;
    std::vector<std::uint32_t> survivors;
    for (std::uint32_t i = 0; i < 60; ++i) {
      if (i % 5 != 2) survivors.push_back(i);
    }
    Bytes sum = masked_sum(world, survivors);
    CHECK(!unmask_in(world, *world.opened(survivors), sum));
    CHECK(sum == plain_sum(world, survivors));
  }
}

TEST_CASE("another context is another mask: its secrets do not open the sum") {
  const RoundWorld world(5, 4, 2, "contexts");
  const std::vector<std::uint32_t> survivors = {0, 1, 3, 4};
  Bytes sum = masked_sum(world, survivors);
  Hash other = world.ctx_hash;
  other.bytes[31] ^= 1;
  CHECK(!unmask(world.bits, world.graph, world.published, *world.opened(survivors), other, sum));
  CHECK(sum != plain_sum(world, survivors));
}

TEST_CASE("a wrong share is found before anything is used") {
  RoundWorld world(6, 5, 3, "wrong share");
  const std::vector<std::uint32_t> survivors = {0, 1, 2, 4, 5};
  const Bytes before = masked_sum(world, survivors);
  Bytes sum = before;
  auto spoil = [](ShareValue& value) {
    Bytes bytes(value.expose().begin(), value.expose().end());
    bytes[30] ^= 4;
    value = *ShareValue::from(bytes);
  };
  spoil(world.seed_shares[4][*world.graph.share_point(4, 0) - 1U].value);
  auto fault = unmask_in(world, *world.opened(survivors), sum);
  REQUIRE(fault);
  CHECK(fault->kind == UnmaskFault::Kind::wrong_seed);
  CHECK(fault->device == 4);
  CHECK(sum == before);

  spoil(world.seed_shares[4][*world.graph.share_point(4, 0) - 1U].value);
  spoil(world.secret_shares[3][*world.graph.share_point(3, 1) - 1U].value);
  fault = unmask_in(world, *world.opened(survivors), sum);
  REQUIRE(fault);
  CHECK(fault->kind == UnmaskFault::Kind::wrong_secret);
  CHECK(fault->device == 3);
  CHECK(sum == before);
}

TEST_CASE("survivors and dropped are all devices, each once") {
  const RoundWorld world(5, 4, 2, "partition");
  const std::vector<std::uint32_t> survivors = {0, 1, 3};
  const auto partition_fault = [&](auto change) {
    auto opened = *world.opened(survivors);
    change(opened);
    Bytes sum = masked_sum(world, survivors);
    const auto fault = unmask_in(world, opened, sum);
    return fault && fault->kind == UnmaskFault::Kind::not_a_partition;
  };
  CHECK(!partition_fault([](OpenedSecrets&) {}));
  CHECK(partition_fault([](OpenedSecrets& opened) { opened.survivors.pop_back(); }));
  CHECK(partition_fault([](OpenedSecrets& opened) { opened.dropped.pop_back(); }));
  CHECK(partition_fault([](OpenedSecrets& opened) { opened.dropped[0].device = 5; }));
  CHECK(partition_fault([](OpenedSecrets& opened) { opened.dropped[0].device = 1; }));
  CHECK(partition_fault(
      [](OpenedSecrets& opened) { std::swap(opened.survivors[0], opened.survivors[1]); }));
}

TEST_CASE("keys that make masks predictable are refused on both sides") {
  RoundWorld world(5, 4, 2, "low order");
  const OwnMaskKeys own{0, world.secrets[0], world.self_seeds[0]};
  world.keys[3] = MaskKey{};
  CHECK(!upload_seeds(world.graph, world.keys, own, world.ctx_hash));
  world.keys[3] = world.keys[0];
  CHECK(!upload_seeds(world.graph, world.keys, own, world.ctx_hash));
  world.keys.pop_back();
  CHECK_THROWS_AS((void)upload_seeds(world.graph, world.keys, own, world.ctx_hash),
                  std::invalid_argument);
  const std::vector<std::uint32_t> survivors = {0, 1, 3, 4};
  const auto opened = world.opened(survivors);
  Bytes sum = masked_sum(RoundWorld(5, 4, 2, "low order"), survivors);
  world.published[3].key = MaskKey{};
  const auto fault = unmask_in(world, *opened, sum);
  REQUIRE(fault);
  CHECK(fault->kind == UnmaskFault::Kind::unusable_key);
  CHECK(fault->device == 3);
}
