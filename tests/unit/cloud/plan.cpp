#include "cloud/round/plan.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "cloud/round/context.hpp"
#include "cloud/round/trust.hpp"
#include "device-protocol/cpp/context.hpp"

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

GatewayFacts facts(std::uint8_t number, std::uint32_t roster) {
  GatewayFacts gateway{};
  gateway.id.bytes.fill(number);
  gateway.epoch = 1;
  gateway.roster_size = roster;
  gateway.helpers = {{HelperId{}, 1}};
  return gateway;
}

TaskSpec spec_of(std::uint32_t cohort, double over, std::uint32_t n_min) {
  TaskSpec spec;
  spec.cohort_size = cohort;
  spec.over_selection = over;
  spec.n_min = n_min;
  return spec;
}

}  // namespace

TEST_CASE("without a cohort size everybody is asked and waited for") {
  const auto planned =
      plan_round(spec_of(0, 1, 10), crypto::Subset::whole(100), {facts(1, 20), facts(2, 30)});
  const auto& plan = std::get<RoundPlan>(planned);
  CHECK(plan.cohort == 50);
  CHECK(plan.least_contributions == 25);
  CHECK(plan.participation_threshold == UINT32_MAX);
  CHECK(plan.shares[0].n_target == 20);
  CHECK(plan.shares[1].n_max == 30);
  CHECK(plan.shares[1].expected == 30);
}

TEST_CASE("one total needs room for the updates and the noise of all gateways in it") {
  auto spec = spec_of(0, 1, 10);
  const std::vector<GatewayFacts> sites{facts(1, 1000), facts(2, 1000), facts(3, 1000)};
  const auto scale_of = [&] {
    const auto planned = plan_round(spec, crypto::Subset::whole(100), sites);
    return std::get<RoundPlan>(planned).encoding;
  };
  const auto alone = scale_of();
  spec.scope = ScopeKind::global;
  const auto total = scale_of();
  CHECK(total.scale_log2 < alone.scale_log2);
  CHECK(total.cannot_wrap(3000));
  spec.privacy = PrivacySpec{{8, 1e-6}, {2, {1, 20}, 1}};
  // Three gateways and one helper add their noise; with scope gateway it is one and one.
  CHECK(scale_of().noise == doctest::Approx(2 * std::sqrt(4.0)));
  spec.scope = ScopeKind::gateway;
  CHECK(scale_of().noise == doctest::Approx(2 * std::sqrt(2.0)));
}

TEST_CASE("over-selection asks more than are waited for, shared by roster size") {
  const auto planned = plan_round(spec_of(34, 40.0 / 34, 10), crypto::Subset::whole(100),
                                  {facts(1, 20), facts(2, 20)});
  const auto& plan = std::get<RoundPlan>(planned);
  CHECK(plan.participation_threshold == UINT32_MAX);
  CHECK(plan.shares[0].n_target == 17);
  CHECK(plan.shares[0].n_max == 20);
}

TEST_CASE("a small cohort selects a share of the devices and bounds the sum") {
  const auto planned = plan_round(spec_of(500, 1.2, 10), crypto::Subset::whole(100),
                                  {facts(1, 4000), facts(2, 2000)});
  const auto& plan = std::get<RoundPlan>(planned);
  CHECK(plan.participation_threshold == doctest::Approx(0.1 * 4294967296.0).epsilon(0.001));
  CHECK(plan.shares[0].expected == 400);
  CHECK(plan.shares[0].n_target == 334);
  CHECK(plan.shares[0].n_max > 400);
  CHECK(plan.shares[0].n_max < 700);
}

TEST_CASE("the common encoding cannot wrap at the largest gateway") {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    auto spec = spec_of(0, 1, 10);
    spec.encoding.ring_bits = bits;
    spec.encoding.clip_inf = 0.1;  // not a binary fraction: single precision is a little larger
    const auto planned =
        plan_round(spec, crypto::Subset::whole(100), {facts(1, 20), facts(2, 700)});
    const auto& plan = std::get<RoundPlan>(planned);
    const auto half = std::int64_t{1} << (static_cast<int>(bits) - 1);
    CHECK(700 * plan.encoding.coordinate_bound() < half);
    CHECK((std::int64_t{700} << plan.encoding.weight_scale_log2) < half);
  }
}

TEST_CASE("a round that cannot succeed is not planned, and the words say why") {
  const auto too_few =
      plan_round(spec_of(100, 1, 10), crypto::Subset::whole(100), {facts(1, 20), facts(2, 20)});
  CHECK(std::get<std::string>(too_few).find("40 devices") != std::string::npos);
  const auto thin =
      plan_round(spec_of(20, 1, 10), crypto::Subset::whole(100), {facts(1, 20), facts(2, 2000)});
  CHECK(std::get<std::string>(thin).find("n_min") != std::string::npos);
  auto narrow = spec_of(0, 1, 10);
  narrow.encoding.ring_bits = crypto::RingBits::b16;
  const auto wide = plan_round(narrow, crypto::Subset::whole(100), {facts(1, 5000)});
  CHECK(wide.index() == 0);
}

TEST_CASE("helpers are the next gateway's unless the spec names them") {
  TaskSpec spec;
  const GatewayId a = facts(1, 0).id, b = facts(2, 0).id;
  spec.gateways = {a, b};
  const auto helper_of = [](const GatewayId& gateway) -> std::optional<HelperId> {
    return HelperId{gateway.bytes};
  };
  CHECK(helpers_for(spec, a, helper_of)->front().bytes == b.bytes);
  CHECK(helpers_for(spec, b, helper_of)->front().bytes == a.bytes);
  spec.helpers[a] = {HelperId{}};
  CHECK(helpers_for(spec, a, helper_of)->front() == HelperId{});
  CHECK_FALSE(helpers_for(spec, b, [](const GatewayId&) { return std::nullopt; }));
}

TEST_CASE("a context holds every field and reads back as planned") {
  auto spec = spec_of(0, 1, 10);
  spec.model = "mlp:2-2";
  spec.patience_seconds = 7;
  const auto planned = plan_round(spec, crypto::Subset::whole(100), {facts(1, 20)});
  const auto& plan = std::get<RoundPlan>(planned);
  const RoundTerms terms{"tenant", TaskId{}, 3, Hash{}, 1000, ExchangeKey{}};
  const auto context = make_context(spec, terms, plan, facts(1, 20), plan.shares[0]);
  const auto* descriptor = context.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    // 0, which proto3 does not write; and what only other tasks have.
    const std::set<std::string> left_out = {"attempt",  "aggregation", "privacy",
                                            "pairwise", "scope_id",    "subset"};
    if (left_out.contains(field->name())) continue;
    CAPTURE(field->name());
    const bool there = field->is_repeated() ? context.GetReflection()->FieldSize(context, field) > 0
                                            : context.GetReflection()->HasField(context, field);
    CHECK(there);
  }
  CHECK(context.ByteSizeLong() <= 640);  // Offer.context of devices
  const auto reading = read_context(context.SerializeAsString());
  REQUIRE(reading);
  CHECK(reading->round == 3);
  CHECK(reading->deadline == 1600);
  CHECK(reading->encoding.scale_log2 == plan.encoding.scale_log2);
  CHECK(reading->helpers.size() == 1);
  CHECK_FALSE(read_context("\xff\xff"));
}

TEST_CASE("participations apart: a round is for one cohort, and the plan counts on no more") {
  auto spec = spec_of(0, 1, 2);
  spec.privacy = PrivacySpec{{8, 1e-6}, {1.5, {4, 5}, 4}};
  const auto planned = plan_round(spec, crypto::Subset::whole(10), {facts(1, 80), facts(2, 40)});
  const auto& plan = std::get<RoundPlan>(planned);
  CHECK(plan.cohort == 30);
  CHECK(plan.participation_threshold == UINT32_MAX);
  CHECK(plan.shares[0].expected == 20);
  CHECK(plan.shares[0].n_target == 20);
  CHECK(plan.shares[0].n_max > 20);
  CHECK(plan.shares[0].n_max < 60);
  CHECK(plan.shares[1].expected == 10);
  spec.cohort_size = 62;
  const auto impossible = plan_round(spec, crypto::Subset::whole(10), {facts(1, 80), facts(2, 40)});
  CHECK(std::get<std::string>(impossible).find("4 cohorts") != std::string::npos);
}

TEST_CASE("a context of a trusted gateway with privacy carries both, for readers that know them") {
  auto spec = spec_of(0, 1, 10);
  spec.model = "mlp:2-2";
  spec.mode = TrustMode::trusted_gateway;
  spec.device_aggregation = {robust::Kind::multi_krum, 3};
  auto ready = facts(1, 20);
  ready.helpers.clear();
  const RoundTerms terms{"tenant", TaskId{}, 3, Hash{}, 1000, ExchangeKey{}};
  const auto planned = plan_round(spec, crypto::Subset::whole(100), {ready});
  const auto& plan = std::get<RoundPlan>(planned);
  const auto context = make_context(spec, terms, plan, ready, plan.shares[0]);
  CHECK(context.minimum_reader_version() == 3);
  const auto parsed = wire::parse_context(context.SerializeAsString());
  REQUIRE(std::holds_alternative<wire::Context>(parsed));
  CHECK(std::get<wire::Context>(parsed).aggregation.kind == robust::Kind::multi_krum);
  CHECK(std::get<wire::Context>(parsed).helpers.empty());

  spec = spec_of(0, 1, 10);
  spec.model = "mlp:2-2";
  spec.privacy = PrivacySpec{{8, 1e-6}, {1.5, {2, 10}, 2}};
  const auto noisy = plan_round(spec, crypto::Subset::whole(100), {facts(1, 20)});
  const auto& with_noise = std::get<RoundPlan>(noisy);
  CHECK(with_noise.encoding.noise == doctest::Approx(1.5 * std::sqrt(2.0)));
  CHECK(with_noise.encoding.scale_log2 < plan.encoding.scale_log2);
  const auto reading =
      read_context(make_context(spec, terms, with_noise, facts(1, 20), with_noise.shares[0])
                       .SerializeAsString());
  REQUIRE(reading);
  CHECK(reading->encoding.noise == doctest::Approx(with_noise.encoding.noise));
}

TEST_CASE("a context of a subset with device noise reads back as planned, round by round") {
  auto spec = spec_of(0, 1, 10);
  spec.model = "mlp:30-20-10";
  spec.subset = SubsetSpec{"last:1", std::nullopt, 0.25, 8, true};
  spec.device_noise = DeviceNoiseSpec{0.5, {1, 20}};
  for (const std::uint64_t round : {1ULL, 2ULL, 3ULL, 4ULL}) {
    const auto subset = std::get<crypto::Subset>(subset_of(spec, 830, TaskId{}, round));
    CHECK(subset.trained == crypto::Span{620, 210});
    CHECK(subset.blocks == 7);  // of 27
    const auto planned = plan_round(spec, subset, {facts(1, 20)});
    const auto& plan = std::get<RoundPlan>(planned);
    const RoundTerms terms{"tenant", TaskId{}, round, Hash{}, 1000, ExchangeKey{}};
    const auto context = make_context(spec, terms, plan, facts(1, 20), plan.shares[0]);
    CHECK(context.minimum_reader_version() == 4);
    CHECK(context.parameters() == 830);
    CHECK(context.ByteSizeLong() <= 640);
    const auto reading = read_context(context.SerializeAsString());
    REQUIRE(reading);
    CHECK(reading->subset.travelling() == subset.travelling());
    CHECK(reading->subset.error_feedback);
    CHECK(reading->encoding.parameters == subset.words());
    CHECK(reading->encoding.device_noise == 0.5);
    CHECK(reading->encoding.cannot_wrap(plan.shares[0].n_max));
  }
}

TEST_CASE("device noise takes room from the scale, and a ring too narrow for it is refused") {
  auto spec = spec_of(0, 1, 10);
  const auto quiet = plan_round(spec, crypto::Subset::whole(100), {facts(1, 400)});
  spec.device_noise = DeviceNoiseSpec{1, {1, 20}};
  const auto noisy = plan_round(spec, crypto::Subset::whole(100), {facts(1, 400)});
  const auto& plan = std::get<RoundPlan>(noisy).encoding;
  CHECK(plan.scale_log2 < std::get<RoundPlan>(quiet).encoding.scale_log2);
  CHECK(400.0 * static_cast<double>(plan.coordinate_bound()) +
            8 * std::sqrt(400) * plan.device_noise_deviation().model <
        0x1p31);
  spec.encoding.ring_bits = crypto::RingBits::b16;
  spec.device_noise->multiplier = 0.001;
  const auto rough = plan_round(spec, crypto::Subset::whole(100), {facts(1, 400)});
  CHECK(std::get<std::string>(rough).find("devices' noise") != std::string::npos);
}

TEST_CASE("the words name who must collude, and say when one operator could alone") {
  const Party a{"site-a", "plant-1"}, b{"site-b", "plant-2"}, stranger{"site-c", std::nullopt};
  CHECK(trust_words({{a, {b}}}).find("site-b (operator plant-2)") != std::string::npos);
  CHECK(trust_warnings({{a, {b}}}).empty());
  CHECK(trust_warnings({{a, {stranger}}}).empty());
  CHECK(trust_warnings({{stranger, {stranger}}}).empty());
  CHECK(trust_warnings({{a, {{"site-d", "plant-1"}}}}).size() == 1);
  CHECK(trust_words({{a, {{"site-d", "plant-1"}}}}).find("not split") != std::string::npos);
  CHECK(trust_warnings({{a, {b, {"site-d", "plant-1"}}}}).empty());
  CHECK(trust_words({{a, {}}}).find("alone reads every update") != std::string::npos);
  CHECK(trust_warnings({{a, {}}}).empty());
}

TEST_CASE("a context asks for the lowest reader version that understands all of it") {
  const auto version = [](const TaskSpec& spec) {
    auto site = facts(1, 400);
    if (spec.mode != TrustMode::split_trust) site.helpers.clear();
    if (spec.pairwise) site.group = ReadyGroup{Hash{}};
    const auto subset = std::get<crypto::Subset>(subset_of(spec, 100, TaskId{}, 3));
    const auto planned = plan_round(spec, subset, {site});
    const auto& plan = std::get<RoundPlan>(planned);
    const RoundTerms terms{"tenant", TaskId{}, 3, Hash{}, 1000, ExchangeKey{}};
    return make_context(spec, terms, plan, site, plan.shares[0]).minimum_reader_version();
  };
  auto spec = spec_of(0, 1, 10);
  spec.model = "mlp:2-2";
  spec.gateways = {facts(1, 0).id};
  CHECK(version(spec) == 1);
  auto rotated = spec;
  rotated.encoding.rotated = true;
  CHECK(version(rotated) == 2);
  auto trusted = spec;
  trusted.mode = TrustMode::trusted_gateway;
  CHECK(version(trusted) == 3);
  auto secret = spec;
  secret.privacy = PrivacySpec{{8, 1e-6}, {2, {1, 20}, 1}};
  CHECK(version(secret) == 3);
  auto noisy = spec;
  noisy.device_noise = DeviceNoiseSpec{1, {1, 20}};
  CHECK(version(noisy) == 4);
  auto part = spec;
  part.subset = SubsetSpec{};
  part.subset->range = crypto::Span{0, 50};
  CHECK(version(part) == 4);
  auto wide = spec;
  wide.scope = ScopeKind::global;
  CHECK(version(wide) == 4);
  auto pairwise = spec;
  pairwise.mode = TrustMode::pairwise;
  pairwise.pairwise = PairwiseSpec{};
  CHECK(version(pairwise) == 4);
}

TEST_CASE(
    "the context of a gateway in a wider scope names it, that of a scope of its own does not") {
  auto spec = spec_of(0, 1, 10);
  spec.model = "mlp:2-2";
  spec.gateways = {facts(1, 0).id, facts(2, 0).id};
  spec.groups = {{"north", spec.gateways}};
  const std::vector<GatewayFacts> sites{facts(1, 20), facts(2, 20)};
  const RoundTerms terms{"tenant", TaskId{}, 3, Hash{}, 1000, ExchangeKey{}};
  const auto id = [&](ScopeKind scope) {
    spec.scope = scope;
    const auto planned = plan_round(spec, crypto::Subset::whole(100), sites);
    const auto& plan = std::get<RoundPlan>(planned);
    const auto reading =
        read_context(make_context(spec, terms, plan, sites[1], plan.shares[1]).SerializeAsString());
    REQUIRE(reading);
    return reading->scope_id;
  };
  CHECK_FALSE(id(ScopeKind::gateway));
  CHECK(id(ScopeKind::group) == wire::scope_id(TaskId{}, "north"));
  CHECK(id(ScopeKind::global) == wire::scope_id(TaskId{}, "global"));
}
