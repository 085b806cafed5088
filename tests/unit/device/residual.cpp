// Error feedback, PROTOCOL.md 5.1: what a device trains is in exactly one sum or in its residual, whatever is refused
// and wherever the power fails. Each round adds 4^round units to every coordinate: in the total of all sums and the
// last residual, a digit of 2 in base 4 is a round counted twice, a digit of 0 one that was lost.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>
#include <cstring>

#include "device-protocol/cpp/context.hpp"
#include "device-protocol/src/client_state.h"
#include "tests/unit/device/site.hpp"

using namespace tributary;
using namespace device_test;

namespace {

constexpr float unit = 0x1p-10F;
constexpr int words_per_unit = 512;  // s = 2^20, half the weight

struct World : Site {
  explicit World(bool rotate = false) : rotated(rotate) {
    REQUIRE(sodium_init() >= 0);
    model.assign(parameters, 0.0F);
  }

  v1::RoundContext terms(std::uint64_t round) const {
    auto terms = context(round);
    terms.set_minimum_reader_version(4);
    terms.set_chunk_bytes(96);  // three chunks
    terms.mutable_training()->set_local_steps(2);
    terms.mutable_training()->set_learning_rate(1);
    terms.mutable_encoding()->set_rotated(rotated);
    auto& subset = *terms.mutable_subset();
    subset.set_first(10);
    subset.set_count(185);
    subset.set_block_words(16);
    subset.set_blocks(3);
    subset.set_error_feedback(true);
    return terms;
  }

  void open(std::uint64_t round) {
    steady = -std::ldexp(unit, static_cast<int>(2 * round)) / 2;
    open_round(terms(round));
  }

  crypto::Subset subset(std::uint64_t round) const {
    return std::get<wire::Context>(wire::parse_context(terms(round).SerializeAsString())).subset;
  }

  // Units of one round's sum, by parameter.
  std::vector<double> counted(std::uint64_t round) const {
    const auto found = contributions.find(round);
    if (found == contributions.end()) return std::vector<double>(parameters);
    const auto words = subset(round).words();
    crypto::EncodingPlan plan{crypto::RingBits::b32,
                              words,
                              20,
                              10,
                              1,
                              20,
                              10,
                              4,
                              rotated,
                              crypto::rotation_seed(task, round)};
    const auto mean = crypto::decode_mean(plan, {found->second, 1});
    std::vector<double> units;
    for (const float value : crypto::scatter(subset(round), mean.delta)) {
      units.push_back(static_cast<double>(value / unit));
    }
    return units;
  }

  std::vector<double> kept() const {
    std::vector<double> units(parameters);
    const auto found = records.find(TRIB_RECORD_RESIDUAL);
    if (found == records.end()) return units;
    trib_residual head;
    const auto* at = found->second.data() + TRIB_HASH_BYTES;
    std::memcpy(&head, at, sizeof head);
    for (std::uint32_t j = 0; j < head.count; ++j) {
      float value = 0;
      std::memcpy(&value, at + sizeof head + 4 * j, 4);
      units[head.first + j] = static_cast<double>(value / unit);
    }
    return units;
  }

  // The residual says that the round's header may have left.
  bool may_be_out(std::uint64_t round) const {
    const auto found = records.find(TRIB_RECORD_RESIDUAL);
    if (found == records.end()) return false;
    trib_residual head;
    std::memcpy(&head, found->second.data() + TRIB_HASH_BYTES, sizeof head);
    return head.round == round && head.sent != 0;
  }

  // Each digit of rounds 1 .. last over all trained parameters: how often it is 0, 1, 2 or 3.
  using Digits = std::array<int, 4>;
  std::vector<Digits> digits(std::uint64_t last) const {
    std::vector<Digits> counts(last + 1);
    std::vector<double> total = kept();
    for (std::uint64_t r = 1; r <= last; ++r) {
      const auto sum = counted(r);
      for (std::uint32_t j = 0; j < parameters; ++j) total[j] += sum[j];
    }
    for (std::uint32_t j = 10; j < 195; ++j) {
      const auto whole = static_cast<int>(std::llround(total[j]));
      CHECK(std::abs(total[j] - whole) < 0.01);
      for (std::uint64_t r = 1; r <= last; ++r) ++counts[r][whole >> (2 * r) & 3];
    }
    return counts;
  }

  bool rotated;
};

constexpr World::Digits once = {0, 185, 0, 0};

// Rounds that nothing disturbs.
void contribute(World& world, Device& device, std::uint64_t round) {
  world.open(round);
  device.run(5000);
  REQUIRE(world.receipts.contains(round));
}

void check_never_twice(const World& world, std::uint64_t last) {
  for (const auto& digits : world.digits(last)) {
    CHECK(digits[2] == 0);
    CHECK(digits[3] == 0);
  }
}

int actions_of_round_two() {
  World world;
  Device device(world);
  contribute(world, device, 1);
  const int before = world.actions;
  contribute(world, device, 2);
  return world.actions - before;
}

}  // namespace

TEST_CASE("error feedback: over the rounds everything is sent or kept, with a rotation too") {
  for (const bool rotated : {false, true}) {
    CAPTURE(rotated);
    World world(rotated);
    Device device(world);
    for (std::uint64_t round = 1; round <= 4; ++round) {
      contribute(world, device, round);
      CHECK(world.contributions.at(round).size() == world.subset(round).words() + 7);
    }
    const auto digits = world.digits(4);
    for (std::uint64_t round = 1; round <= 4; ++round) CHECK(digits[round] == once);
    const auto kept = world.kept();
    CHECK(std::count(kept.begin(), kept.end(), 0.0) < parameters);
    CHECK(kept[0] == 0);
  }
}

TEST_CASE("without error feedback what does not travel is gone, and there is no residual") {
  World world;
  Device device(world);
  auto terms = world.terms(1);
  terms.mutable_subset()->set_error_feedback(false);
  world.steady = -1 * unit;
  world.open_round(terms);
  device.run(5000);
  REQUIRE(world.receipts.contains(1));
  CHECK_FALSE(world.records.contains(TRIB_RECORD_RESIDUAL));
}

TEST_CASE("error feedback: a power cut before any action loses nothing and counts nothing twice") {
  const int total = actions_of_round_two();
  REQUIRE(total > 10);
  for (int cut = 0; cut < total; ++cut) {
    CAPTURE(cut);
    World world;
    {
      Device device(world);
      contribute(world, device, 1);
      world.cut_at = world.actions + cut;
      world.open(2);
      device.run(5000);
      REQUIRE(world.dead);
    }
    world.dead = false;
    world.cut_at.reset();
    Device again(world);
    again.run(5000);
    CHECK(world.receipts.contains(2));
    contribute(world, again, 3);
    const auto digits = world.digits(3);
    for (std::uint64_t round = 1; round <= 3; ++round) CHECK(digits[round] == once);
  }
}

TEST_CASE(
    "error feedback: two power cuts, the first round replaced meanwhile, count nothing twice") {
  const int total = actions_of_round_two();
  for (int cut = 0; cut < total; ++cut) {
    for (int second = 0; second < 6; ++second) {
      CAPTURE(cut);
      CAPTURE(second);
      World world;
      {
        Device device(world);
        contribute(world, device, 1);
        world.cut_at = world.actions + cut;
        world.open(2);
        device.run(5000);
      }
      world.dead = false;
      const bool out = world.may_be_out(2);
      world.open(3);  // round 2 ends for the device, wherever it was
      world.cut_at = world.actions + 1 + second;
      {
        Device device(world);
        device.run(5000);
      }
      world.dead = false;
      world.cut_at.reset();
      Device again(world);
      again.run(5000);
      CHECK(world.receipts.contains(3));
      check_never_twice(world, 3);
      const auto digits = world.digits(3);
      CHECK(digits[3] == once);
      if (world.receipts.contains(2)) {
        CHECK(digits[2] == once);
      } else if (out) {
        CHECK(digits[2][0] == static_cast<int>(world.subset(2).words()));
      } else {
        CHECK((digits[2] == once || digits[2][0] == 185));
      }
      if (!out) CHECK(digits[1] == once);
    }
  }
}

TEST_CASE(
    "error feedback: one refused write or publish counts nothing twice and spoils no later round") {
  const int total = actions_of_round_two();
  for (int fail = 0; fail < total; ++fail) {
    CAPTURE(fail);
    World world;
    Device device(world);
    contribute(world, device, 1);
    world.fail_at = world.actions + fail;
    world.open(2);
    device.run(5000);
    contribute(world, device, 3);
    check_never_twice(world, 3);
    CHECK(world.digits(3)[3] == once);
  }
}

TEST_CASE("error feedback: two refused actions and a power cut count nothing twice") {
  const int total = actions_of_round_two();
  for (int fail = 0; fail < total; ++fail) {
    for (int cut = fail + 1; cut < total + 3; ++cut) {
      CAPTURE(fail);
      CAPTURE(cut);
      World world;
      {
        Device device(world);
        contribute(world, device, 1);
        world.fail_at = world.actions + fail;
        world.cut_at = world.actions + cut;
        world.open(2);
        device.run(5000);
      }
      world.dead = false;
      world.cut_at.reset();
      world.fail_at.reset();
      Device again(world);
      again.run(5000);
      contribute(world, again, 3);
      check_never_twice(world, 3);
      CHECK(world.digits(3)[3] == once);
    }
  }
}

TEST_CASE("error feedback: a round whose header never left keeps all of its update") {
  for (const bool rotated : {false, true}) {
    CAPTURE(rotated);
    World world(rotated);
    Device device(world);
    if (!rotated) contribute(world, device, 1);
    world.credit_chunks = 1;
    world.open(2);
    const std::size_t uploads = rotated ? 1 : 2;
    for (int turns = 0; turns < 100 && world.sealed_seen.size() < uploads; ++turns) {
      device.run_once();
    }
    REQUIRE_FALSE(world.receipts.contains(2));
    world.credit_chunks = 1000;
    world.waiting.clear();
    world.publish_retained("tributary/v1/site/offer/" + world.task.hex(), "");
    device.run_once();
    REQUIRE(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
    const auto kept = world.kept();
    for (std::uint32_t j = 10; j < 195; ++j) {
      const int whole = static_cast<int>(std::lround(kept[j]));
      CHECK(std::abs(kept[j] - whole) < 0.01);
      CHECK((whole >> 4 & 3) == 1);
    }
    if (rotated) continue;
    contribute(world, device, 3);
    const auto digits = world.digits(3);
    for (std::uint64_t round = 1; round <= 3; ++round) CHECK(digits[round] == once);
  }
}

TEST_CASE(
    "error feedback: a header that nobody answered may have counted, only what did not travel is "
    "kept") {
  World world;
  Device device(world);
  contribute(world, device, 1);
  world.lose_headers = true;
  world.open(2);
  device.run(1000);
  REQUIRE_FALSE(world.receipts.contains(2));
  world.lose_headers = false;
  contribute(world, device, 3);
  check_never_twice(world, 3);
  const auto words = static_cast<int>(world.subset(2).words());
  CHECK(world.digits(3)[2] == World::Digits{words, 185 - words, 0, 0});
  CHECK(world.digits(3)[3] == once);
}

TEST_CASE("error feedback: another task's round, a damaged or a stale residual begin again at 0") {
  World world;
  Device device(world);
  contribute(world, device, 1);
  SUBCASE("damaged head") {
    world.records.at(TRIB_RECORD_RESIDUAL).at(40) ^= 1;
  }
  SUBCASE("damaged body") {
    world.records.at(TRIB_RECORD_RESIDUAL).back() ^= 1;
  }
  SUBCASE("gone") {
    world.records.erase(TRIB_RECORD_RESIDUAL);
  }
  contribute(world, device, 2);
  const auto sum = world.counted(2);
  for (std::uint32_t j = 0; j < parameters; ++j) CHECK((sum[j] == 0 || sum[j] == 16));
}

TEST_CASE("error feedback: the residual is at most the clip long") {
  World world;
  Device device(world);
  world.open(1);
  world.steady = 1000.0F;
  device.run(5000);
  REQUIRE(world.receipts.contains(1));
  double square = 0;
  for (const double value : world.kept()) square += value * value * unit * unit;
  CHECK(std::sqrt(square) == doctest::Approx(10).epsilon(1e-5));
}

TEST_CASE("untrained parameters neither move nor count for the gradient's norm") {
  World world;
  Device device(world);
  auto terms = world.terms(1);
  terms.mutable_subset()->set_first(196);
  terms.mutable_subset()->set_count(4);
  terms.mutable_subset()->set_block_words(0);
  terms.mutable_subset()->set_blocks(0);
  terms.mutable_subset()->set_error_feedback(false);
  terms.mutable_training()->set_clipping_norm(4 * unit);
  terms.mutable_training()->set_local_steps(1);
  world.steady = -8 * unit;
  world.open_round(terms);
  device.run(5000);
  REQUIRE(world.receipts.contains(1));
  const auto& words = world.contributions.at(1);
  REQUIRE(words.size() == 4 + 3 + 4);
  // Four coordinates of 8 units have the norm 16; clipped to 4 each is 2.
  for (int j = 0; j < 4; ++j) CHECK(words[j] == 2 * words_per_unit);
}
