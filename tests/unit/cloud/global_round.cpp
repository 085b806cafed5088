#include "cloud/round/global_round.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

template <class Value>
Value filled(std::uint8_t number) {
  Value value;
  value.bytes.fill(number);
  return value;
}

constexpr std::chrono::sys_seconds deadline{std::chrono::seconds{1000}};

// A round over `gateways` gateways with `helpers` helpers each and n_min 2.
GlobalRound round_over(std::size_t gateways, std::size_t helpers, std::uint32_t least = 2,
                       std::uint32_t gateway_quorum = 0) {
  std::vector<PartTerms> parts;
  for (std::size_t i = 0; i < gateways; ++i) {
    PartTerms terms{filled<GatewayId>(static_cast<std::uint8_t>(i + 1)), {}, 2};
    for (std::size_t h = 0; h < helpers; ++h) {
      terms.helpers.push_back(filled<HelperId>(static_cast<std::uint8_t>(100 + h)));
    }
    parts.push_back(terms);
  }
  return {rules_for(least, gateway_quorum, deadline, std::chrono::seconds{100}), std::move(parts)};
}

SumGiven sum(std::uint8_t number, std::uint8_t survivors = 3) {
  SumGiven given{filled<Hash>(number), filled<Hash>(number), {}};
  for (std::uint8_t i = 1; i <= survivors; ++i) given.survivors.push_back(filled<DeviceId>(i));
  return given;
}
MaskGiven mask(std::uint8_t survivors_hash, std::uint8_t helper = 100, std::uint8_t statement = 1) {
  return {filled<Hash>(statement), filled<Hash>(survivors_hash), filled<HelperId>(helper)};
}
Refused refusal(std::uint8_t survivors_hash, std::vector<std::uint8_t> devices,
                std::uint8_t helper = 100) {
  Refused refused{
      filled<Hash>(9), filled<Hash>(survivors_hash), filled<HelperId>(helper), "why", {}};
  for (const auto device : devices) refused.devices.push_back(filled<DeviceId>(device));
  return refused;
}

template <class What>
const What* effect(const Outcome& outcome) {
  for (const auto& one : outcome.effects) {
    if (const auto* what = std::get_if<What>(&one)) return what;
  }
  return nullptr;
}

// Sum, all masks and a clean combination of one part; the last outcome.
Outcome complete(GlobalRound& round, std::size_t part, std::size_t helpers = 1) {
  REQUIRE(round.on_sum(part, sum(7)).verdict == Verdict::accepted);
  for (std::size_t h = 0; h < helpers; ++h) {
    round.on_mask_sum(part, mask(7, static_cast<std::uint8_t>(100 + h)));
  }
  return round.on_combined(part, "");
}

std::string_view phase(const GlobalRound& round, std::size_t part) {
  return phase_name(round.parts()[part].phase);
}

}  // namespace

TEST_CASE("a sum that nobody masked is combined at once") {
  auto round = round_over(2, 0, 6);
  const auto first = round.on_sum(0, sum(7));
  REQUIRE(effect<Combine>(first) != nullptr);
  CHECK(effect<Combine>(first)->part == 0);
  CHECK(phase(round, 0) == "combining");
  CHECK(round.on_sum(0, sum(7)).verdict == Verdict::repeated);
  CHECK(round.on_sum(0, sum(8)).verdict == Verdict::conflict);
  round.on_combined(0, "");
  round.on_sum(1, sum(9));
  CHECK(effect<Release>(round.on_combined(1, "")) != nullptr);
}

TEST_CASE("the happy round: sums, masks, combined, released") {
  auto round = round_over(2, 2, 6);
  CHECK(round.on_sum(0, sum(7)).effects.empty());
  CHECK(round.on_mask_sum(0, mask(7, 100)).effects.empty());
  const auto last_mask = round.on_mask_sum(0, mask(7, 101));
  REQUIRE(effect<Combine>(last_mask));
  CHECK(effect<Combine>(last_mask)->part == 0);
  CHECK_FALSE(round.sums_complete());
  CHECK(round.on_combined(0, "").effects.empty());
  const auto end = complete(round, 1, 2);
  CHECK(effect<Release>(end));
  CHECK(round.closed());
  CHECK(round.contributions() == 6);
}

TEST_CASE("R12: every event is idempotent and every contradiction a conflict") {
  auto round = round_over(2, 2);
  round.on_sum(0, sum(7));
  CHECK(round.on_sum(0, sum(7)).verdict == Verdict::repeated);
  CHECK(round.on_sum(0, sum(8)).verdict == Verdict::conflict);
  round.on_mask_sum(0, mask(7));
  CHECK(round.on_mask_sum(0, mask(7)).verdict == Verdict::repeated);
  CHECK(round.on_mask_sum(0, mask(7, 100, 2)).verdict == Verdict::conflict);
  CHECK(round.on_gateway_abandon(0, "late").verdict == Verdict::conflict);
  CHECK(round.on_mask_sum(1, mask(7)).verdict == Verdict::conflict);
  CHECK(round.on_refusal(1, refusal(7, {1})).verdict == Verdict::conflict);
  round.on_gateway_abandon(1, "few");
  CHECK(round.closed());
  CHECK(round.on_sum(0, sum(7)).verdict == Verdict::ended);
}

TEST_CASE("a late gateway is left out after deadline and grace, when a quorum allows it") {
  auto round = round_over(3, 1, 2, 2);
  complete(round, 0);
  complete(round, 1);
  CHECK_FALSE(round.closed());
  round.on_time(deadline + std::chrono::seconds{29}, {});
  CHECK_FALSE(round.closed());
  const auto end = round.on_time(deadline + std::chrono::seconds{30}, {});
  CHECK(effect<Release>(end));
  CHECK(phase(round, 2) == "left-out");
}

TEST_CASE("with a quorum of 0 a silent gateway is forgiven, a late one is not") {
  for (const bool down : {true, false}) {
    auto round = round_over(2, 1);
    complete(round, 0);
    std::set<GatewayId> silent;
    if (down) silent.insert(filled<GatewayId>(2));
    const auto end = round.on_time(deadline + std::chrono::seconds{30}, silent);
    CHECK((effect<Release>(end) != nullptr) == down);
    CHECK((effect<Abandon>(end) != nullptr) == !down);
  }
}

TEST_CASE("a missing mask sum gets twice the grace") {
  auto round = round_over(1, 1);
  round.on_sum(0, sum(7));
  round.on_time(deadline + std::chrono::seconds{59}, {});
  CHECK_FALSE(round.closed());
  CHECK(effect<Abandon>(round.on_time(deadline + std::chrono::seconds{60}, {})));
}

TEST_CASE(
    "an abandoning gateway makes the quorum impossible at once, and unanswered helpers are named") {
  auto round = round_over(2, 1);
  round.on_sum(0, sum(7));
  round.on_mask_sum(0, mask(7));
  const auto end = round.on_gateway_abandon(1, "2 of 10 devices");
  REQUIRE(effect<Abandon>(end));
  CHECK(effect<Abandon>(end)->reason.find("2 of 10 devices") != std::string::npos);
  REQUIRE(effect<Abandon>(end)->voids.size() == 1);
  CHECK(effect<Abandon>(end)->voids[0].place ==
        std::variant<GatewayId, ScopeId>{filled<GatewayId>(2)});
}

TEST_CASE("too few contributions abandon a complete round") {
  auto round = round_over(1, 1, 4);
  const auto end = complete(round, 0);
  REQUIRE(effect<Abandon>(end));
  CHECK(effect<Abandon>(end)->reason.find("3 contributions") != std::string::npos);
  CHECK(effect<Abandon>(end)->voids.empty());
}

TEST_CASE("a refusal that names devices reopens the sum without them") {
  auto round = round_over(1, 1);
  round.on_sum(0, sum(7, 4));
  CHECK(round.on_refusal(0, refusal(7, {2})).verdict == Verdict::accepted);
  CHECK(phase(round, 0) == "dropping");
  CHECK(round.on_refusal(0, refusal(7, {2})).verdict == Verdict::repeated);
  CHECK(round.on_sum(0, sum(8, 4)).verdict == Verdict::conflict);
  auto without = sum(8, 4);
  without.survivors.erase(without.survivors.begin() + 1);
  CHECK(round.on_sum(0, without).verdict == Verdict::accepted);
  CHECK(round.on_refusal(0, refusal(7, {2})).verdict == Verdict::ended);
  CHECK(effect<Combine>(round.on_mask_sum(0, mask(8))));
}

TEST_CASE("a refusal leaves the part out when nothing can be mended") {
  SUBCASE("no device is named") {
    auto round = round_over(1, 1);
    round.on_sum(0, sum(7));
    CHECK(effect<Abandon>(round.on_refusal(0, refusal(7, {}))));
  }
  SUBCASE("the named device is not in the sum") {
    auto round = round_over(1, 1);
    round.on_sum(0, sum(7));
    CHECK(effect<Abandon>(round.on_refusal(0, refusal(7, {77}))));
  }
  SUBCASE("fewer than n_min would remain") {
    auto round = round_over(1, 1);
    round.on_sum(0, sum(7, 3));
    CHECK(effect<Abandon>(round.on_refusal(0, refusal(7, {1, 2}))));
  }
  SUBCASE("another helper has answered: its one answer is spent") {
    auto round = round_over(1, 2);
    round.on_sum(0, sum(7, 4));
    round.on_mask_sum(0, mask(7, 100));
    const auto end = round.on_refusal(0, refusal(7, {2}, 101));
    REQUIRE(effect<Abandon>(end));
    REQUIRE(effect<Abandon>(end)->voids.size() == 1);
    CHECK(effect<Abandon>(end)->voids[0].helper == filled<HelperId>(101));
  }
}

TEST_CASE("an answer for superseded survivors burns the part and is remembered") {
  auto round = round_over(1, 2);
  round.on_sum(0, sum(7, 4));
  round.on_refusal(0, refusal(7, {2}, 100));
  const auto end = round.on_mask_sum(0, mask(7, 101));
  CHECK(end.verdict == Verdict::accepted);
  REQUIRE(effect<Abandon>(end));
  REQUIRE(effect<Abandon>(end)->voids.size() == 1);
  CHECK(effect<Abandon>(end)->voids[0].helper == filled<HelperId>(100));
}

TEST_CASE("C5: a garbage sum is burnt, never asked for again, and the rest is released") {
  auto round = round_over(2, 1, 2, 1);
  round.on_sum(0, sum(7));
  round.on_mask_sum(0, mask(7));
  round.on_combined(0, "C2: canary");
  CHECK(phase(round, 0) == "left-out");
  CHECK(round.on_sum(0, sum(8)).verdict == Verdict::ended);
  CHECK(round.on_combined(0, "").verdict == Verdict::ended);
  CHECK(effect<Release>(complete(round, 1)));
  CHECK(round.contributions() == 3);
}

TEST_CASE("a mask sum after the part is left out is recorded, so that no VOID is asked for") {
  auto round = round_over(2, 1, 2, 1);
  round.on_sum(0, sum(7));
  round.on_time(deadline + std::chrono::seconds{60}, {});
  CHECK(round.closed());

  auto other = round_over(2, 1, 99, 1);
  other.on_sum(0, sum(7));
  other.on_refusal(0, refusal(7, {}));
  CHECK(other.on_mask_sum(0, mask(7)).verdict == Verdict::accepted);
  CHECK(other.on_mask_sum(0, mask(7)).verdict == Verdict::repeated);
  const auto end = complete(other, 1);
  REQUIRE(effect<Abandon>(end));
  CHECK(effect<Abandon>(end)->voids.empty());
}

TEST_CASE("a stop abandons with its reason, once") {
  auto round = round_over(1, 1);
  const auto end = round.on_stop("by the operator");
  REQUIRE(effect<Abandon>(end));
  CHECK(effect<Abandon>(end)->reason == "by the operator");
  CHECK(round.on_stop("again").verdict == Verdict::ended);
}

TEST_CASE(
    "while a part is combined or combined, what was recorded is repeated and the rest a conflict") {
  auto round = round_over(2, 2, 6);
  round.on_sum(0, sum(7));
  round.on_mask_sum(0, mask(7, 100));
  round.on_mask_sum(0, mask(7, 101));
  for (const std::string_view now : {"combining", "combined"}) {
    CHECK(phase(round, 0) == now);
    CHECK(round.on_sum(0, sum(7)).verdict == Verdict::repeated);
    CHECK(round.on_sum(0, sum(8)).verdict == Verdict::conflict);
    CHECK(round.on_mask_sum(0, mask(7, 101)).verdict == Verdict::repeated);
    const auto other = round.on_mask_sum(0, mask(7, 101, 9));
    CHECK(other.verdict == Verdict::conflict);
    CHECK(other.text.find("another mask sum") != std::string::npos);
    const auto stranger = round.on_mask_sum(0, mask(7, 102));
    CHECK(stranger.verdict == Verdict::conflict);
    CHECK(stranger.text.find("not asked") != std::string::npos);
    CHECK(round.on_refusal(0, refusal(7, {1})).verdict == Verdict::conflict);
    CHECK(round.on_gateway_abandon(0, "late").verdict == Verdict::conflict);
    round.on_combined(0, "");
  }
  CHECK_FALSE(round.closed());
}

TEST_CASE("a mask sum over other survivors than those asked for spends the helper's answer") {
  auto round = round_over(1, 2);
  round.on_sum(0, sum(7));
  const auto end = round.on_mask_sum(0, mask(8, 101));
  CHECK(phase(round, 0) == "left-out");
  REQUIRE(effect<Abandon>(end));
  REQUIRE(effect<Abandon>(end)->voids.size() == 1);
  CHECK(effect<Abandon>(end)->voids[0].helper == filled<HelperId>(100));
}

TEST_CASE(
    "while devices are dropped further refusals count too, and the next sum is without all of "
    "them") {
  auto round = round_over(1, 3);
  round.on_sum(0, sum(7, 5));
  round.on_refusal(0, refusal(7, {2}, 100));
  CHECK(round.on_refusal(0, refusal(7, {3}, 101)).verdict == Verdict::accepted);
  CHECK(round.on_refusal(0, refusal(7, {3}, 101)).verdict == Verdict::repeated);
  auto contradiction = refusal(7, {4}, 101);
  contradiction.statement = filled<Hash>(99);
  CHECK(round.on_refusal(0, contradiction).verdict == Verdict::conflict);
  CHECK(round.on_refusal(0, refusal(6, {4}, 102)).verdict == Verdict::ended);
  auto without = sum(8, 5);
  std::erase(without.survivors, filled<DeviceId>(2));
  CHECK(round.on_sum(0, without).verdict == Verdict::conflict);  // device 3
  std::erase(without.survivors, filled<DeviceId>(3));
  CHECK(round.on_sum(0, without).verdict == Verdict::accepted);
}

TEST_CASE("a gateway may give up while it drops devices, and says so once") {
  auto round = round_over(2, 1, 2, 1);
  round.on_sum(0, sum(7, 4));
  round.on_refusal(0, refusal(7, {2}));
  CHECK(round.on_gateway_abandon(0, "too few").verdict == Verdict::accepted);
  CHECK(left_out_reason(round.parts()[0].phase) == "the gateway gave up: too few");
  CHECK(round.on_gateway_abandon(0, "too few").verdict == Verdict::repeated);
  const auto ended = round.on_refusal(0, refusal(7, {2}));
  CHECK(ended.verdict == Verdict::ended);
  CHECK(ended.text.find("gave up") != std::string::npos);
}

TEST_CASE("a gateway that drops devices has no longer than for its first sum") {
  auto round = round_over(1, 1);
  round.on_sum(0, sum(7, 4));
  CHECK(round.sums_complete());
  round.on_refusal(0, refusal(7, {2}));
  CHECK_FALSE(round.sums_complete());
  CHECK_FALSE(effect<Abandon>(round.on_time(deadline + std::chrono::seconds{29}, {})));
  CHECK(effect<Abandon>(round.on_time(deadline + std::chrono::seconds{30}, {})));
}

TEST_CASE("nothing is heard of a round that has ended") {
  auto round = round_over(2, 1, 2, 1);
  round.on_stop("enough");
  const Outcome said[] = {round.on_sum(0, sum(7)),
                          round.on_mask_sum(0, mask(7)),
                          round.on_refusal(0, refusal(7, {1})),
                          round.on_gateway_abandon(0, "why"),
                          round.on_asked(0, filled<Hash>(1)),
                          round.on_combined(0, ""),
                          round.on_time(deadline + std::chrono::hours{1}, {}),
                          round.on_stop("again")};
  for (const auto& one : said) {
    CHECK(one.verdict == Verdict::ended);
    CHECK(one.effects.empty());
  }
  CHECK(phase(round, 0) == "offered");
}

TEST_CASE("a gateway that is a scope of its own is in no joint question") {
  auto round = round_over(1, 1);
  round.on_sum(0, sum(7));
  CHECK(round.on_asked(0, filled<Hash>(1)).verdict == Verdict::conflict);
  CHECK(phase(round, 0) == "masking");
}

TEST_CASE("the grace is a tenth of the round, and half a minute at least") {
  const auto short_round = rules_for(2, 0, deadline, std::chrono::seconds{299});
  CHECK(short_round.sums_due == deadline + std::chrono::seconds{30});
  CHECK(short_round.masks_due == deadline + std::chrono::seconds{60});
  const auto long_round = rules_for(2, 0, deadline, std::chrono::seconds{6000});
  CHECK(long_round.sums_due == deadline + std::chrono::seconds{600});
  CHECK(long_round.masks_due == deadline + std::chrono::seconds{1200});
}
