#include "crypto/pairwise/survivor_certificate.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>

#include "crypto/pairwise/witnesses.hpp"
#include "tests/unit/pairwise/fleet_world.hpp"

using namespace tributary;
using namespace tributary::pairwise;
using tests::FleetWorld;

namespace {

const FleetWorld& world() {
  static const FleetWorld made(10, 4, 3);
  return made;
}

SurvivorSet set_of(std::vector<std::uint32_t> alive) {
  return *SurvivorSet::from(10, std::move(alive));
}

}  // namespace

TEST_CASE("survivor sets: ascending, known, and every part in the hash") {
  CHECK(SurvivorSet::from(3, {0, 1, 2}));
  CHECK(SurvivorSet::from(3, {}));
  CHECK(!SurvivorSet::from(3, {0, 3}));
  CHECK(!SurvivorSet::from(3, {1, 0}));
  CHECK(!SurvivorSet::from(3, {1, 1}));
  const auto survivors = set_of({1, 4, 9});
  CHECK(survivors.contains(4));
  CHECK(!survivors.contains(5));
  const RoundName round = world().round();
  const Hash hash = survivors.hash(round);
  std::set<Hash> hashes = {hash, set_of({1, 4, 8}).hash(round), set_of({1, 4}).hash(round),
                           SurvivorSet::from(11, {1, 4, 9})->hash(round)};
  RoundName other = round;
  other.graph.bytes[0] ^= 1;
  hashes.insert(survivors.hash(other));
  other = round;
  other.ctx_hash.bytes[0] ^= 1;
  hashes.insert(survivors.hash(other));
  other = round;
  ++other.slot;
  hashes.insert(survivors.hash(other));
  CHECK(hashes.size() == 7);
}

TEST_CASE("a vow is for one set per slot, and slots only go up") {
  const auto first = set_of({0, 1, 2, 3});
  const auto second = set_of({0, 1, 2, 4});
  RoundName round = world().round();
  const auto vow = vow_for(std::nullopt, round, first);
  REQUIRE(vow);
  CHECK(*vow_for(*vow, round, first) == *vow);
  CHECK(vow_for(*vow, round, second).reason() == VowFault::other_survivors);
  RoundName changed = round;
  changed.ctx_hash.bytes[0] ^= 1;
  CHECK(vow_for(*vow, changed, first).reason() == VowFault::other_survivors);
  changed = round;
  changed.graph.bytes[0] ^= 1;
  CHECK(vow_for(*vow, changed, first).reason() == VowFault::other_survivors);
  changed = round;
  --changed.slot;
  CHECK(vow_for(*vow, changed, second).reason() == VowFault::burnt_slot);
  ++round.slot;
  const auto later = vow_for(*vow, round, second);
  REQUIRE(later);
  CHECK(vow_for(*later, world().round(), first).reason() == VowFault::burnt_slot);

  const Bytes bytes = encode(*vow);
  CHECK(bytes.size() == slot_vow_bytes);
  CHECK(decode_slot_vow(bytes) == *vow);
  CHECK(!decode_slot_vow(ByteView(bytes).first(103)));
  for (const std::size_t at : {0U, 1U, 2U, 3U}) {
    Bytes spoilt = bytes;
    spoilt[at] ^= 2;
    CHECK(!decode_slot_vow(spoilt));
  }
}

TEST_CASE("a certificate needs a quorum of chosen witnesses, each once, on this very set") {
  const auto survivors = set_of({0, 2, 3, 5, 6, 7, 8});
  const auto verdict = [&](const SurvivorCertificate& certificate) {
    return check(certificate, world().round(), survivors, world().chosen, world().quorum);
  };
  const auto good = world().certificate(survivors, 4);
  CHECK(verdict(good) == CertificateFault::none);
  CHECK(verdict(world().certificate(survivors, 6)) == CertificateFault::none);
  CHECK(verdict(world().certificate(survivors, 3)) == CertificateFault::too_few);
  CHECK(verdict(world().certificate(set_of({0, 2}), 6)) == CertificateFault::other_survivors);

  auto changed = good;
  ++changed.statement.round.slot;
  CHECK(verdict(changed) == CertificateFault::other_round);
  changed = good;
  changed.signatures[1].signature.bytes[3] ^= 1;
  CHECK(verdict(changed) == CertificateFault::bad_signature);
  changed = good;
  std::swap(changed.signatures[0].signature, changed.signatures[1].signature);
  CHECK(verdict(changed) == CertificateFault::bad_signature);
  // One witness is not four.
  changed = good;
  changed.signatures = {4, good.signatures[0]};
  CHECK(verdict(changed) == CertificateFault::not_a_witness);
  CHECK(!decode_survivor_certificate(encode(changed)));
  // A device that was not chosen counts for nothing.
  for (std::uint32_t device = 0; device < 10; ++device) {
    if (std::ranges::find(world().chosen, device, &Witness::index) != world().chosen.end())
      continue;
    changed = world().certificate(survivors, 3);
    changed.signatures.push_back(
        witness_signature(world().devices[device].identity, device, good.statement));
    std::ranges::sort(changed.signatures, {}, &WitnessSignature::witness);
    CHECK(verdict(changed) == CertificateFault::not_a_witness);
  }
}

TEST_CASE("the bytes of a certificate: any flipped bit is noticed, any other length refused") {
  const auto survivors = set_of({0, 2, 3, 5});
  const auto certificate = world().certificate(survivors, 4);
  const Bytes bytes = encode(certificate);
  CHECK(bytes.size() == 104 + 4 * 68);
  CHECK(decode_survivor_certificate(bytes) == certificate);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!decode_survivor_certificate(ByteView(bytes).first(size)));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes spoilt = bytes;
    spoilt[at] ^= 0x10;
    const auto decoded = decode_survivor_certificate(spoilt);
    if (decoded) {
      CHECK(check(*decoded, world().round(), survivors, world().chosen, 4) !=
            CertificateFault::none);
    }
  }
}

TEST_CASE("witnesses are drawn alike by all, others in each slot") {
  const GraphSeed seed{{5}};
  const auto chosen = choose_witnesses(seed, 7, 300, 20);
  CHECK(chosen == choose_witnesses(seed, 7, 300, 20));
  CHECK(std::set(chosen.begin(), chosen.end()).size() == 20);
  CHECK(std::ranges::is_sorted(chosen));
  CHECK(chosen.back() < 300);
  CHECK(chosen != choose_witnesses(seed, 8, 300, 20));
  CHECK(chosen != choose_witnesses(GraphSeed{{6}}, 7, 300, 20));
  CHECK(choose_witnesses(seed, 7, 5, 5) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK_THROWS_AS((void)choose_witnesses(seed, 7, 5, 6), std::invalid_argument);
}

TEST_CASE("two quorums share more witnesses than can be corrupted") {
  for (const std::uint32_t n : {10U, 100U, 300U, 1000U}) {
    for (const std::uint32_t wanted : {5U, 40U, 101U, 255U}) {
      const auto plan = plan_witnesses(n, n / 20, wanted, 40);
      if (!plan) continue;
      CHECK(plan->witnesses == std::min(wanted, n));
      CHECK(2 * plan->quorum > plan->witnesses + plan->corrupted);
      CHECK(2 * (plan->quorum - 1) <= plan->witnesses + plan->corrupted);
      CHECK(plan->quorum + plan->corrupted <= plan->witnesses);
    }
  }
  // All of 10 devices, one of them corrupt: 6 of 10.
  CHECK(plan_witnesses(10, 1, 10, 40)->quorum == 6);
  // Five witnesses of a thousand may all be corrupted at 2^-40.
  CHECK(!plan_witnesses(1000, 300, 5, 40));
  CHECK_THROWS_AS((void)plan_witnesses(10, 11, 5, 40), std::invalid_argument);
}
