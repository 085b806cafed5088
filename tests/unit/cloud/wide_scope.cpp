// The round machine where one total over several gateways is released.
#include "cloud/round/wide_scope.hpp"

#include <doctest/doctest.h>

#include "cloud/round/global_round.hpp"

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
constexpr std::chrono::seconds grace{30};

// Gateways 1, 2, .. in the scopes named, all with the same helpers; the machine is given them in reverse.
GlobalRound round_of(const std::vector<std::uint8_t>& scopes, std::size_t helpers = 1,
                     std::uint32_t gateway_quorum = 1) {
  std::vector<PartTerms> parts;
  for (std::size_t i = scopes.size(); i-- > 0;) {
    const auto number = static_cast<std::uint8_t>(i + 1);
    PartTerms terms{filled<GatewayId>(number), {}, 2};
    terms.wide = {filled<ScopeId>(scopes[i]), filled<Hash>(number)};
    for (std::size_t h = 0; h < helpers; ++h) {
      terms.helpers.push_back(filled<HelperId>(static_cast<std::uint8_t>(100 + h)));
    }
    parts.push_back(terms);
  }
  return {rules_for(2, gateway_quorum, deadline, std::chrono::seconds{100}), std::move(parts)};
}
// Where the machine has gateway `number` of `count`.
std::size_t at(std::size_t number, std::size_t count) {
  return count - number;
}

// Devices number*10 + 1 .. of gateway `number`.
SumGiven sum(std::uint8_t number, std::uint8_t survivors = 3, std::uint8_t skip = 0) {
  const auto hash = filled<Hash>(static_cast<std::uint8_t>(number * 10 + survivors + skip));
  SumGiven given{hash, hash, {}};
  for (std::uint8_t i = 1; i <= survivors + (skip > 0 ? 1 : 0); ++i) {
    if (i != skip)
      given.survivors.push_back(filled<DeviceId>(static_cast<std::uint8_t>(number * 10 + i)));
  }
  return given;
}
Hash joint(const std::vector<std::pair<std::uint8_t, SumGiven>>& leaves) {
  crypto::PartHasher hasher("joint");
  for (const auto& [number, given] : leaves) {
    hasher.part(filled<Hash>(number).view());
    hasher.part(given.survivors_hash.view());
  }
  return hasher.finish();
}
MaskGiven mask(const Hash& about, std::uint8_t helper = 100, std::uint8_t statement = 1) {
  return {filled<Hash>(statement), about, filled<HelperId>(helper)};
}
Refused refusal(const Hash& about, std::vector<std::uint8_t> devices, std::uint8_t helper = 100) {
  Refused refused{filled<Hash>(helper), about, filled<HelperId>(helper), "why", {}};
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
std::string state(const GlobalRound& round, std::size_t part) {
  return std::string{phase_name(round.parts()[part].phase)};
}

// Both of two gateways have given their sums and the helpers are asked; the question.
Hash asked(GlobalRound& round) {
  round.on_sum(at(1, 2), sum(1));
  REQUIRE(effect<Ask>(round.on_sum(at(2, 2), sum(2))) != nullptr);
  const auto question = joint({{1, sum(1)}, {2, sum(2)}});
  REQUIRE(round.on_asked(at(1, 2), question).verdict == Verdict::accepted);
  return question;
}

}  // namespace

TEST_CASE("a total is asked for once every gateway has given its sum, and released as one") {
  auto round = round_of({7, 7});
  CHECK(effect<Ask>(round.on_sum(at(2, 2), sum(2))) == nullptr);
  CHECK(state(round, at(2, 2)) == "given");
  CHECK(round.on_mask_sum(at(2, 2), mask(filled<Hash>(23))).verdict == Verdict::conflict);
  const auto ready = round.on_sum(at(1, 2), sum(1));
  REQUIRE(effect<Ask>(ready) != nullptr);
  CHECK(effect<Ask>(ready)->part ==
        at(1, 2));  // ascending by gateway, whatever the order of the parts
  const auto question = joint({{1, sum(1)}, {2, sum(2)}});
  CHECK(round.on_asked(at(1, 2), joint({{2, sum(2)}, {1, sum(1)}})).verdict == Verdict::conflict);
  CHECK(round.on_asked(at(1, 2), question).verdict == Verdict::accepted);
  CHECK(round.on_asked(at(2, 2), question).verdict == Verdict::repeated);
  CHECK(state(round, 0) == "masking");
  CHECK(state(round, 1) == "masking");
  const auto masked = round.on_mask_sum(at(1, 2), mask(question));
  REQUIRE(effect<Combine>(masked) != nullptr);
  CHECK(round.on_mask_sum(at(2, 2), mask(question)).verdict == Verdict::repeated);
  CHECK(round.on_mask_sum(at(2, 2), mask(question, 100, 2)).verdict == Verdict::conflict);
  const auto end = round.on_combined(effect<Combine>(masked)->part, "");
  CHECK(effect<Release>(end) != nullptr);
  CHECK(round.contributions() == 6);
}

TEST_CASE("every helper of the scope answers before the masks come off") {
  auto round = round_of({7, 7}, 2);
  const auto question = asked(round);
  CHECK(effect<Combine>(round.on_mask_sum(0, mask(question, 100))) == nullptr);
  CHECK(effect<Combine>(round.on_mask_sum(0, mask(question, 101))) != nullptr);
}

TEST_CASE(
    "a gateway that is left out delays nobody, and one that comes later has missed the round") {
  auto round = round_of({7, 7, 7});
  round.on_sum(at(1, 3), sum(1));
  round.on_sum(at(3, 3), sum(3));
  SUBCASE("it gives up") {
    REQUIRE(effect<Ask>(round.on_gateway_abandon(at(2, 3), "nobody came")) != nullptr);
  }
  SUBCASE("its time is over") {
    REQUIRE(effect<Ask>(round.on_time(deadline + grace, {})) != nullptr);
  }
  SUBCASE("after a crash it is not known that its time was over, but what was asked is") {}
  REQUIRE(round.on_asked(at(1, 3), joint({{1, sum(1)}, {3, sum(3)}})).verdict == Verdict::accepted);
  CHECK(state(round, at(2, 3)) == "left-out");
  CHECK(round.on_sum(at(2, 3), sum(2)).verdict == Verdict::ended);
}

TEST_CASE("H7: the only gateway of a scope is left out, for its total would be its own sum") {
  auto round = round_of({7, 7});
  round.on_sum(at(1, 2), sum(1));
  const auto end = round.on_gateway_abandon(at(2, 2), "nobody came");
  CHECK(effect<Ask>(end) == nullptr);
  CHECK(state(round, at(1, 2)) == "left-out");
  REQUIRE(effect<Abandon>(end) != nullptr);
  REQUIRE(effect<Abandon>(end)->voids.size() == 1);
  CHECK(std::get<ScopeId>(effect<Abandon>(end)->voids[0].place) == filled<ScopeId>(7));
}

TEST_CASE("refused devices go back to their gateways, before anybody has answered") {
  auto round = round_of({7, 7}, 2);
  const auto question = asked(round);
  CHECK(round.on_refusal(0, refusal(filled<Hash>(1), {21})).verdict == Verdict::ended);
  CHECK(round.on_refusal(0, refusal(question, {21})).verdict == Verdict::accepted);
  CHECK(state(round, at(1, 2)) == "given");
  CHECK(state(round, at(2, 2)) == "dropping");
  CHECK(round.on_refusal(0, refusal(question, {21})).verdict == Verdict::repeated);
  CHECK(round.on_sum(at(1, 2), sum(1)).verdict == Verdict::repeated);
  CHECK(round.on_sum(at(2, 2), sum(2)).verdict == Verdict::conflict);  // still holds device 21
  SUBCASE("then it is asked anew") {
    const auto rest = sum(2, 2, 1);
    REQUIRE(effect<Ask>(round.on_sum(at(2, 2), rest)) != nullptr);
    const auto second = joint({{1, sum(1)}, {2, rest}});
    REQUIRE(round.on_asked(0, second).verdict == Verdict::accepted);
    round.on_mask_sum(0, mask(second, 100));
    CHECK(effect<Combine>(round.on_mask_sum(0, mask(second, 101))) != nullptr);
  }
  SUBCASE("an answer to the first question is spent: nothing can be released") {
    const auto end = round.on_mask_sum(0, mask(question, 101));
    CHECK(end.verdict == Verdict::accepted);
    CHECK(state(round, 0) == "left-out");
    CHECK(state(round, 1) == "left-out");
    REQUIRE(effect<Abandon>(end) != nullptr);
    REQUIRE(effect<Abandon>(end)->voids.size() == 1);  // of the helper that has not answered
    CHECK(effect<Abandon>(end)->voids[0].helper == filled<HelperId>(100));
  }
}

TEST_CASE("a leaf with too few devices after a refusal goes, the others' total stays") {
  auto round = round_of({7, 7, 7});
  for (std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}})
    round.on_sum(at(number, 3), sum(number));
  round.on_sum(at(3, 3), sum(3, 2));
  const auto question = joint({{1, sum(1)}, {2, sum(2)}, {3, sum(3, 2)}});
  REQUIRE(round.on_asked(0, question).verdict == Verdict::accepted);
  const auto outcome = round.on_refusal(0, refusal(question, {31}));
  CHECK(state(round, at(3, 3)) == "left-out");
  REQUIRE(effect<Ask>(outcome) != nullptr);
  CHECK(round.on_asked(0, joint({{1, sum(1)}, {2, sum(2)}})).verdict == Verdict::accepted);
}

TEST_CASE("a refusal that names nobody, or comes after an answer, ends the scope") {
  auto round = round_of({7, 7}, 2);
  const auto question = asked(round);
  std::vector<std::uint8_t> devices;
  SUBCASE("names nobody") {}
  SUBCASE("after an answer") {
    round.on_mask_sum(0, mask(question, 101));
    devices = {21};
  }
  round.on_refusal(0, refusal(question, devices));
  CHECK(state(round, 0) == "left-out");
  CHECK(state(round, 1) == "left-out");
}

TEST_CASE("C5: a total that is burnt takes all its gateways with it; another scope is released") {
  auto round = round_of({7, 7, 8, 8});
  for (std::uint8_t number = 1; number <= 4; ++number) round.on_sum(at(number, 4), sum(number));
  const auto first = joint({{1, sum(1)}, {2, sum(2)}});
  const auto second = joint({{3, sum(3)}, {4, sum(4)}});
  REQUIRE(round.on_asked(at(1, 4), first).verdict == Verdict::accepted);
  REQUIRE(round.on_asked(at(3, 4), second).verdict == Verdict::accepted);
  round.on_mask_sum(at(2, 4), mask(first));
  round.on_mask_sum(at(4, 4), mask(second));
  round.on_combined(at(1, 4), "C2: a canary word is not 0");
  CHECK(state(round, at(2, 4)) == "left-out");
  CHECK(effect<Release>(round.on_combined(at(3, 4), "")) != nullptr);
  CHECK(round.contributions() == 6);
}

TEST_CASE("one VOID of each helper and scope is asked for when the round is abandoned") {
  auto round = round_of({7, 7, 8, 8}, 2);
  for (std::uint8_t number = 1; number <= 4; ++number) round.on_sum(at(number, 4), sum(number));
  const auto first = joint({{1, sum(1)}, {2, sum(2)}});
  round.on_asked(at(1, 4), first);
  round.on_mask_sum(at(1, 4), mask(first, 100));
  const auto end = round.on_stop("enough");
  const auto& voids = effect<Abandon>(end)->voids;
  REQUIRE(voids.size() == 3);  // of scope 7 only helper 101, of scope 8 both
}

TEST_CASE("what a scope was asked, answered or released is repeated, anything else a conflict") {
  auto round = round_of({7, 7, 8, 8});
  for (std::uint8_t number = 1; number <= 4; ++number) round.on_sum(at(number, 4), sum(number));
  const auto question = joint({{1, sum(1)}, {2, sum(2)}});
  const auto verdict = [&](const MaskGiven& given) {
    return round.on_mask_sum(at(1, 4), given).verdict;
  };
  REQUIRE(round.on_asked(at(1, 4), question).verdict == Verdict::accepted);
  CHECK(round.on_asked(at(1, 4), filled<Hash>(1)).verdict == Verdict::conflict);
  CHECK(round.on_combined(at(1, 4), "").verdict == Verdict::ended);
  REQUIRE(verdict(mask(question)) == Verdict::accepted);
  for (const std::string now : {"combining", "combined"}) {
    CHECK(state(round, at(2, 4)) == now);
    CHECK(verdict(mask(question)) == Verdict::repeated);
    CHECK(verdict(mask(question, 100, 2)) == Verdict::conflict);
    CHECK(verdict(mask(question, 101)) == Verdict::conflict);
    CHECK(round.on_refusal(at(1, 4), refusal(question, {11})).verdict == Verdict::conflict);
    round.on_combined(at(2, 4), "");
  }
  CHECK_FALSE(round.closed());
}

TEST_CASE("an answer over other leaves than those asked for ends the scope") {
  auto round = round_of({7, 7}, 2);
  const auto question = asked(round);
  round.on_mask_sum(0, mask(question, 100));
  const auto end = round.on_mask_sum(1, mask(filled<Hash>(9), 101));
  CHECK(state(round, 0) == "left-out");
  REQUIRE(effect<Abandon>(end) != nullptr);
  CHECK(effect<Abandon>(end)->voids.empty());  // both helpers' answers are spent
}

TEST_CASE("before the sums are there a helper has nothing to refuse and nothing to answer") {
  auto round = round_of({7, 7});
  round.on_sum(at(1, 2), sum(1));
  CHECK(round.on_refusal(0, refusal(filled<Hash>(1), {11})).verdict == Verdict::conflict);
  CHECK(round.on_mask_sum(0, mask(filled<Hash>(1))).verdict == Verdict::conflict);
  // A question over one sum would be that gateway's own.
  CHECK(round.on_asked(at(1, 2), joint({{1, sum(1)}})).verdict == Verdict::conflict);
  CHECK(state(round, at(1, 2)) == "given");
}

TEST_CASE("while devices are dropped every helper may name its own, once") {
  auto round = round_of({7, 7}, 3);
  const auto question = asked(round);
  round.on_refusal(0, refusal(question, {21}, 100));
  CHECK(round.on_refusal(1, refusal(question, {22}, 101)).verdict == Verdict::accepted);
  CHECK(round.on_refusal(1, refusal(question, {22}, 101)).verdict == Verdict::repeated);
  auto contradiction = refusal(question, {23}, 101);
  contradiction.statement = filled<Hash>(99);
  CHECK(round.on_refusal(1, contradiction).verdict == Verdict::conflict);
  CHECK(round.on_refusal(1, refusal(filled<Hash>(1), {23}, 102)).verdict == Verdict::ended);
  CHECK(round.on_sum(at(2, 2), sum(2, 2, 1)).verdict == Verdict::conflict);  // holds device 22
}

TEST_CASE("a scope of which nothing is left hears refusals no more, but records who has answered") {
  auto round = round_of({7, 7, 8, 8}, 2);
  for (std::uint8_t number = 1; number <= 4; ++number) round.on_sum(at(number, 4), sum(number));
  const auto question = joint({{1, sum(1)}, {2, sum(2)}});
  round.on_asked(at(1, 4), question);
  round.on_refusal(at(1, 4), refusal(question, {}, 100));
  REQUIRE(state(round, at(2, 4)) == "left-out");
  const auto ended = round.on_refusal(at(2, 4), refusal(question, {11}, 101));
  CHECK(ended.verdict == Verdict::ended);
  CHECK(ended.text.find("has ended: helper") != std::string::npos);
  CHECK(round.on_mask_sum(at(1, 4), mask(question, 101)).verdict == Verdict::accepted);
  CHECK(round.on_mask_sum(at(2, 4), mask(question, 101)).verdict == Verdict::repeated);
  const auto end = round.on_stop("enough");
  std::vector<HelperId> asked_to_void;
  for (const auto& one : effect<Abandon>(end)->voids) {
    if (std::get<ScopeId>(one.place) == filled<ScopeId>(7)) asked_to_void.push_back(one.helper);
  }
  CHECK(asked_to_void == std::vector{filled<HelperId>(100)});
}

TEST_CASE("the leaves of a question are those whose sums count, ascending by gateway") {
  auto round = round_of({7, 7, 7});
  round.on_sum(at(3, 3), sum(3));
  round.on_gateway_abandon(at(2, 3), "nobody came");
  round.on_sum(at(1, 3), sum(1));
  std::vector<Part> parts = round.parts();
  const auto leaves = asked_leaves(parts, at(3, 3));
  REQUIRE(leaves.size() == 2);
  CHECK(leaves[0].ctx_hash == filled<Hash>(1));
  CHECK(leaves[1].survivors_hash == sum(3).survivors_hash);
  for (const char* phase : {"given", "masking", "combining", "combined"}) {
    CHECK(phase_name(parts[at(1, 3)].phase) == phase);
    REQUIRE(sum_of(parts[at(1, 3)].phase) != nullptr);
    CHECK(sum_of(parts[at(1, 3)].phase)->survivors == sum(1).survivors);
    const auto question = crypto::joint_hash(leaves);
    round.on_asked(at(1, 3), question);
    if (phase == std::string{"masking"}) round.on_mask_sum(at(1, 3), mask(question));
    if (phase == std::string{"combining"}) round.on_combined(at(1, 3), "");
    parts = round.parts();
  }
  CHECK(sum_of(parts[at(2, 3)].phase) == nullptr);
}

TEST_CASE("a gateway of its own beside a scope is the whole of its scope") {
  std::vector<Part> parts{{{filled<GatewayId>(1), {}, 2}, Offered{}},
                          {{filled<GatewayId>(2), {}, 2}, Offered{}}};
  parts[1].terms.wide = {filled<ScopeId>(7), filled<Hash>(2)};
  CHECK(scope_members(parts, 0) == std::vector<std::size_t>{0});
  CHECK(scope_members(parts, 1) == std::vector<std::size_t>{1});
}
