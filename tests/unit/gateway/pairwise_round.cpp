#include <doctest/doctest.h>

#include "gateway/round/pairwise_terms.hpp"
#include "tests/unit/gateway/round_world.hpp"

using namespace tributary;
using namespace tributary::gateway::round;
using namespace std::chrono_literals;

namespace {

// Five members who all know each other; three shares open a secret; members 0, 2 and 4 are drawn as
// witnesses, two of them are the quorum.
Plan pairwise_plan(std::uint32_t n_min = 3) {
  Plan plan = small_plan(n_min, 5, 5);
  plan.helpers = 0;
  plan.pairwise = std::make_shared<const PairwiseTerms>(
      PairwiseTerms{pairwise::Graph({}, 5, 4), devices(5), {0, 2, 4}, 2, 3, 1min, 2min});
  return plan;
}

Signature signature(std::uint8_t number) {
  Signature signature;
  signature.bytes.fill(number);
  return signature;
}

void vow(World& world, std::uint8_t number) {
  world.happen(VowArrived{device_id(number), signature(number)});
  world.sync();
}

// Four of five upload; the deadline passes.
World closed_round(std::optional<int> crash_at = std::nullopt) {
  World world(pairwise_plan(), {}, 5);
  world.crash_at = crash_at;
  for (int turn = 0; turn < 3; ++turn) {
    for (const std::uint8_t i : std::vector<std::uint8_t>{1, 2, 3, 5}) world.upload(i);
  }
  world.pass(10min);
  world.sync();
  return world;
}

World certified_round() {
  World world = closed_round();
  vow(world, 1);
  vow(world, 3);
  return world;
}

}  // namespace

TEST_CASE("a pairwise round: survivors, witnesses, shares, one sum") {
  World world = closed_round();
  REQUIRE(world.closings.size() == 1);
  CHECK(world.closings[0].survivors == std::vector<std::uint32_t>{0, 1, 2, 4});
  CHECK(world.retired == 1);
  vow(world, 1);
  CHECK(std::holds_alternative<Witnessing>(world.round().phase()));
  world.happen(SharesAsked{device_id(1), 0});
  CHECK_MESSAGE(world.shares_sent.empty(), "nobody is asked to open anything before the quorum");
  vow(world, 5);
  CHECK(world.vows_shown.size() == 2);
  world.happen(SharesAsked{device_id(4), 0});
  const auto& asked = world.shares_sent.at(device_id(4)).shares;
  CHECK(asked == std::vector<SendShares::Wanted>{{0, true}, {1, true}, {2, true}, {4, true}});
  world.open_shares(4);
  world.open_shares(1);
  CHECK(world.shares_sent.at(device_id(1)).shares.empty());
  world.compute();
  CHECK(world.sums.empty());
  world.open_shares(2);
  world.compute();
  CHECK_MESSAGE(world.sums.empty(), "a secret of those that answered has two shares, not three");
  world.open_shares(3);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  CHECK(world.sums[0].words == Bytes{1, 2, 3, 5});
  CHECK(world.deleted == 0);
  world.happen(OutcomeArrived{true});
  CHECK(world.deleted == 1);
}

TEST_CASE("the dropped member's mask secret is asked for, of everybody else the self seed") {
  World world = certified_round();
  world.happen(SharesAsked{device_id(1), 0});
  const auto& asked = world.shares_sent.at(device_id(1)).shares;
  CHECK(asked == std::vector<SendShares::Wanted>{{1, true}, {2, true}, {3, false}, {4, true}});
  world.happen(SharesAsked{device_id(1), 2});
  CHECK(world.shares_sent.at(device_id(1)).shares ==
        std::vector<SendShares::Wanted>{{3, false}, {4, true}});
  world.happen(SharesAsked{device_id(1), 4});
  CHECK(world.shares_sent.at(device_id(1)).shares.empty());
}

TEST_CASE("survivors, vows and reveals are durable before anybody acts on them") {
  World world(pairwise_plan(), {}, 5);
  for (std::uint8_t i = 1; i <= 5; ++i) world.upload(i);
  const auto& fixed = world.fixed.at(0);
  World quiet(pairwise_plan(), {}, 5);
  for (std::uint8_t i = 1; i <= 4; ++i) quiet.upload(i);
  quiet.pass(10min);
  CHECK(quiet.fixed.size() == 1);
  CHECK_MESSAGE(quiet.closings.empty(), "not committed yet");
  world.happen(VowArrived{device_id(1), signature(1)});
  world.happen(VowArrived{device_id(3), signature(3)});
  CHECK(world.vows_shown.empty());
  world.sync();
  CHECK(world.vows_shown.size() == 2);
  for (std::uint8_t i = 1; i <= 3; ++i) world.reveal(i, 0, {true, true, true, true});
  CHECK(world.shares_sent.empty());
  for (std::uint8_t i = 4; i <= 5; ++i) world.reveal(i, 0, {true, true, true, true});
  world.compute();
  REQUIRE(world.sums.empty());  // compute() found nothing to add up and then synced
  world.compute();
  REQUIRE(world.sums.size() == 1);
  CHECK(world.sums[0].survivors_hash == fixed.survivors_hash);
}

TEST_CASE("attack: a witness that votes twice is one witness, and one that was not drawn is none") {
  World world = closed_round();
  vow(world, 1);
  world.happen(VowArrived{device_id(1), signature(77)});
  world.sync();
  vow(world, 2);
  vow(world, 9);
  CHECK(world.vows_shown == std::map<std::uint32_t, Signature>{{0, signature(1)}});
  CHECK(std::holds_alternative<Witnessing>(world.round().phase()));
}

TEST_CASE("no quorum in time: abandoned, reported, deleted") {
  World world = closed_round();
  vow(world, 1);
  world.pass(59s);
  CHECK(world.abandons.empty());
  world.pass(1s);
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].reason == "1 of 2 witnesses signed the survivors in time");
  CHECK(world.deleted == 1);
  CHECK(world.round().closed());
}

TEST_CASE("too few shares at the deadline: abandoned, and the reason names whose") {
  World world = certified_round();
  world.open_shares(1);
  world.open_shares(3);
  world.pass(119s);
  CHECK(world.abandons.empty());
  world.pass(1s);
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].reason.find(device_id(1).hex() + " with 1") != std::string::npos);
  CHECK(world.deleted == 1);
}

TEST_CASE("fewer than n_min survivors are never shown to the witnesses") {
  World world(pairwise_plan(4), {}, 5);
  for (std::uint8_t i = 1; i <= 3; ++i) world.upload(i);
  world.pass(10min);
  world.sync();
  CHECK(world.closings.empty());
  CHECK(world.abandons.size() == 1);
}

TEST_CASE("shares that would not open do not count") {
  World world = certified_round();
  for (std::uint8_t i = 1; i <= 3; ++i) world.open_shares(i);
  world.reveal(4, 0, {true, false, true, true});
  world.sync();
  world.compute();
  CHECK_MESSAGE(world.sums.empty(), "member 1 has shares of members 0 and 2 only");
  world.open_shares(5);
  world.compute();
  CHECK(world.sums.size() == 1);
}

TEST_CASE("a secret that does not fit waits for a share more, then for the deadline") {
  World world = certified_round();
  for (std::uint8_t i = 1; i <= 4; ++i) world.open_shares(i);
  world.wrong_secrets = {4};  // three of four shares are here
  world.compute();
  CHECK(world.sums.empty());
  CHECK(world.abandons.empty());
  SUBCASE("with one more it is put together") {
    // Member 4's four shares are all of members 0 .. 3: there is none to come.
    world.wrong_secrets.clear();
    world.pass(2min);
    REQUIRE(world.abandons.size() == 1);
    CHECK(world.abandons[0].reason.find(device_id(5).hex() + " with 4") != std::string::npos);
  }
  SUBCASE("a result that comes for other survivors changes nothing") {
    world.happen(SecretsWrong{{}, {1}});
    world.happen(SumReady{{}, {}});
    CHECK(world.sums.empty());
  }
}

TEST_CASE("a secret that did not fit is put together again when another share has come") {
  World world = certified_round();
  for (const std::uint8_t i : std::vector<std::uint8_t>{1, 2, 3, 5}) world.open_shares(i);
  world.wrong_secrets = {0};  // of members 1, 2 and 4
  world.compute();
  CHECK(world.sums.empty());
  world.wrong_secrets.clear();
  world.compute();
  CHECK_MESSAGE(world.sums.empty(), "not tried again with the same shares");
  world.open_shares(4);
  world.compute();
  CHECK(world.sums.size() == 1);
}

TEST_CASE("R12: a reveal said again is receipted and not stored again") {
  World world = certified_round();
  world.open_shares(1);
  const auto stored = world.reveals_stored.size();
  world.shares_sent.clear();
  world.reveal(1, 0, {false, false, false, false});
  CHECK(world.reveals_stored.size() == stored);
  CHECK(world.shares_sent.at(device_id(1)).place == 4);
  CHECK(world.shares_sent.at(device_id(1)).shares.empty());
}

TEST_CASE(
    "attack: reveals past a holder's neighbours, of nobody, or of strangers are passed over") {
  World world = certified_round();
  world.reveal(1, 3, {true, true});
  world.reveal(1, 4, {true});
  world.reveal(1, UINT32_MAX, {true});
  world.reveal(1, 0, {});
  world.reveal(9, 0, {true});
  CHECK(world.reveals_stored.empty());
}

TEST_CASE("after the sum nothing is missing, whoever asks") {
  World world = certified_round();
  for (std::uint8_t i = 1; i <= 5; ++i) world.open_shares(i);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  world.shares_sent.clear();
  world.happen(SharesAsked{device_id(4), 0});
  CHECK(world.shares_sent.at(device_id(4)).shares.empty());
  world.happen(OutcomeArrived{true});
  world.shares_sent.clear();
  world.reveal(4, 0, {true, true});
  CHECK(world.shares_sent.at(device_id(4)).place == 2);
  CHECK(world.shares_sent.at(device_id(4)).shares.empty());
}

TEST_CASE("strangers are sent no shares, not while they are opened and not after the sum") {
  World world = certified_round();
  world.happen(SharesAsked{device_id(9), 0});
  world.happen(RevealDurable{device_id(9), 0, {true}});
  for (std::uint8_t i = 1; i <= 5; ++i) world.open_shares(i);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  world.happen(SharesAsked{device_id(9), 0});
  CHECK_FALSE(world.shares_sent.contains(device_id(9)));
}

TEST_CASE("a round without pairwise masks has no shares to send") {
  World world(small_plan(1, 1, 5), {}, 1);
  world.upload(1);
  world.compute();
  REQUIRE(world.sums.size() == 1);
  world.happen(SharesAsked{device_id(1), 0});
  world.happen(RevealArrived{device_id(1), 0, {true}, {1}});
  CHECK(world.shares_sent.empty());
}

TEST_CASE("vows beyond the quorum are not stored, and one that was not cast is not shown") {
  World world = closed_round();
  world.happen(VowDurable{4});
  CHECK(world.vows_shown.empty());
  for (const std::uint8_t i : std::vector<std::uint8_t>{1, 3, 5}) {
    world.happen(VowArrived{device_id(i), signature(i)});
  }
  world.sync();
  CHECK(world.disk().vows.size() == 2);
  world.happen(VowDurable{0});
  CHECK(world.vows_shown.size() == 2);
}

TEST_CASE("a sum over opened secrets that fails is abandoned, one of other survivors is not") {
  World world = certified_round();
  world.happen(SumFailed{Hash{}, "of another set"});
  CHECK(world.abandons.empty());
  world.happen(SumFailed{world.fixed.at(0).survivors_hash, "stored updates are damaged"});
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].reason == "stored updates are damaged");
}

TEST_CASE("the deadline of the shares does not cut off a sum that is being made") {
  World world = certified_round();
  for (std::uint8_t i = 1; i <= 5; ++i) world.open_shares(i);
  world.pass(3min);
  CHECK(world.abandons.empty());
  world.compute();
  CHECK(world.sums.size() == 1);
}

TEST_CASE(
    "the reason at the deadline of the shares counts whose are missing and says what is needed") {
  World world = certified_round();
  world.open_shares(1);
  world.open_shares(2);
  world.pass(2min);
  REQUIRE(world.abandons.size() == 1);
  CHECK(world.abandons[0].reason ==
        "at the deadline of the shares the secrets of 5 devices lack some, first that of " +
            device_id(1).hex() + " with 1 of which at least 3 must be right");
}

TEST_CASE("a reveal that repeats some places and adds others is stored, and counts what is new") {
  World world = certified_round();
  world.reveal(1, 0, {true, true});
  world.sync();
  world.reveal(1, 1, {false, true});  // place 1 was opened: what was said first stands
  world.sync();
  CHECK(world.reveals_stored.size() == 2);
  CHECK(world.shares_sent.at(device_id(1)).place == 3);
  for (const std::uint8_t i : std::vector<std::uint8_t>{2, 3}) world.open_shares(i);
  world.compute();
  CHECK(world.sums.empty());  // member 4 was opened by members 1 and 2 only
  world.reveal(1, 3, {true});
  world.sync();
  world.reveal(4, 0, {true, true, true});
  world.sync();
  world.compute();
  CHECK(world.sums.size() == 1);
}

TEST_CASE(
    "R1: after a crash before any effect the same survivors are witnessed, opened and summed") {
  bool crashed = true;
  int at = 0;
  for (; crashed; ++at) {
    CAPTURE(at);
    World world = closed_round(at);
    for (int turn = 0; turn < 4 && world.round().collecting(); ++turn) {
      for (const std::uint8_t i : std::vector<std::uint8_t>{1, 2, 3, 5}) world.upload(i);
      world.pass(1s);
      world.sync();
    }
    for (int turn = 0; turn < 4; ++turn) {
      for (const std::uint8_t i : std::vector<std::uint8_t>{1, 3, 5}) vow(world, i);
      for (std::uint8_t i = 1; i <= 5; ++i) world.open_shares(i);
      world.sync();
      world.compute();
    }
    crashed = world.crashes > 0;
    CHECK(world.abandons.empty());
    REQUIRE_FALSE(world.sums.empty());
    for (const auto& fixed : world.fixed) {
      CHECK(fixed.survivors_hash == world.sums.back().survivors_hash);
    }
    for (const auto& closing : world.closings) {
      CHECK(closing.survivors == world.closings.front().survivors);
    }
    for (const auto& sum : world.sums) CHECK(sum.words == Bytes{1, 2, 3, 5});
    // What was shown is on the disk.
    for (const auto& [witness, signature] : world.vows_shown) {
      CHECK(std::ranges::count(world.disk().vows, witness, &StoreVow::witness) == 1);
    }
  }
  CHECK(at > 40);
}
