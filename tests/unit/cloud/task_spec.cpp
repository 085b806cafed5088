#include "cloud/round/task_spec.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "cloud/round/group_plan.hpp"

using namespace tributary;
using cloud::round::parse_task_spec;
using cloud::round::ParsedSpec;

namespace {

const std::string hash(64, 'a');
const std::string site_a(32, '1');
const std::string site_b(32, '2');
const std::string helper(32, '3');

std::optional<GatewayId> names(std::string_view name) {
  if (name == "site-b") return GatewayId::from_hex(site_b);
  return std::nullopt;
}

// The smallest spec, with members replaced or added.
std::string spec_with(const std::string& more, const std::string& gateways = "") {
  const auto list = gateways.empty() ? "[\"" + site_a + "\", \"site-b\"]" : gateways;
  return R"({"name": "n", "model": "mlp:2-2", "initial_model": ")" + hash + R"(", "gateways": )" +
         list + (more.empty() ? "" : ", " + more) + "}";
}

ParsedSpec parsed(const std::string& text) {
  return parse_task_spec(text, names);
}

bool names_fault(const ParsedSpec& spec, const std::string& member) {
  return std::ranges::any_of(spec.faults, [&](const auto& fault) {
    return fault.member == member && !fault.text.empty();
  });
}

}  // namespace

TEST_CASE("a spec with only the required members takes the documented defaults") {
  const auto result = parsed(spec_with(""));
  REQUIRE(result.spec);
  CHECK(result.faults.empty());
  CHECK(result.spec->gateways.size() == 2);
  CHECK(result.spec->gateways[1].hex() == site_b);
  CHECK(result.spec->rounds == 20);
  CHECK(result.spec->n_min == 10);
  CHECK(result.spec->deadline_seconds == 600);
  CHECK(result.spec->chunk_bytes == 16368);
  CHECK(result.spec->training.local_steps == 20);
  CHECK(result.spec->encoding.clip_l2 == 10.0);
  CHECK(result.spec->server_learning_rate == 1.0);
}

TEST_CASE("a spec survives the way through its JSON") {
  const auto first = parsed(spec_with(
      R"("helpers": {")" + site_a + R"(": [")" + helper + R"("], "site-b": [")" + helper +
      R"("]}, "training": {"clipping_norm": 0.5, "dp_noise": 0.1}, "encoding": {"ring_bits": 24},
          "aggregation": {"rule": "median"})"));
  REQUIRE(first.spec);
  const auto text = to_json(*first.spec);
  const auto second = parsed(text);
  REQUIRE(second.spec);
  CHECK(to_json(*second.spec) == text);
  CHECK(second.spec->encoding.rotated);
  CHECK(second.spec->aggregation.kind == tributary::robust::Kind::coordinate_median);
  CHECK(second.spec->helpers.at(*GatewayId::from_hex(site_b)).front().hex() == helper);
}

TEST_CASE("each wrong member is named") {
  const struct {
    const char* members;
    const char* fault;
  } rows[] = {
      {R"("surprise": 1)", "surprise"},
      {R"("mode": "open")", "mode"},
      {R"("scope": "galaxy")", "scope"},
      {R"("scope": "global")", "helpers"},
      {R"("scope": "global", "mode": "trusted-gateway")", "scope"},
      {R"("scope": "global", "mode": "pairwise")", "scope"},
      {R"("groups": {"x": []})", "groups"},
      {R"("scope": "group")", "groups"},
      {R"("scope": "group", "groups": {"alone": ["site-a"], "other": ["site-b"]})", "groups"},
      {R"("helpers": {"site-a": ["coordinator"], "site-b": ["coordinator"]})", "helpers"},
      {R"("rounds": 0)", "rounds"},
      {R"("rounds": 1.5)", "rounds"},
      {R"("rounds": "many")", "rounds"},
      {R"("rounds": -3)", "rounds"},
      {R"("n_min": 1)", "n_min"},
      {R"("over_selection": 0.5)", "over_selection"},
      {R"("quorum": 1.5)", "quorum"},
      {R"("gateway_quorum": 3)", "gateway_quorum"},
      {R"("cohort_size": 5)", "cohort_size"},
      {R"("deadline_seconds": 1)", "deadline_seconds"},
      {R"("deadline_seconds": 60, "patience_seconds": 61)", "patience_seconds"},
      {R"("chunk_bytes": 100)", "chunk_bytes"},
      {R"("chunk_bytes": 300000)", "chunk_bytes"},
      {R"("server_learning_rate": 0)", "server_learning_rate"},
      {R"("training": 5)", "training"},
      {R"("training": {"steps": 5})", "training.steps"},
      {R"("training": {"learning_rate": 0})", "training.learning_rate"},
      {R"("training": {"dp_noise": 1})", "training.dp_noise"},
      {R"("encoding": {"ring_bits": 20})", "encoding.ring_bits"},
      {R"("encoding": {"clip_inf": 0})", "encoding.clip_inf"},
      {R"("encoding": {"loss_cap": null})", "encoding.loss_cap"},
      {R"("encoding": {"rotated": 1})", "encoding.rotated"},
      {R"("aggregation": {"rule": "best"})", "aggregation.rule"},
      {R"("aggregation": {"attackers": 1})", "aggregation.rule"},
      {R"("aggregation": {"rule": "krum", "attackers": 1})", "aggregation.rule"},
      {R"("aggregation": {"rule": "norm-filter", "factor": 0})", "aggregation.factor"},
      {R"("device_aggregation": {"rule": "median"})", "device_aggregation.rule"},
      {R"("mode": "trusted-gateway", "device_aggregation": {"rule": "krum", "attackers": 4})",
       "device_aggregation.rule"},
      {R"("mode": "trusted-gateway", "encoding": {"ring_bits": 16},
          "device_aggregation": {"rule": "median"})",
       "device_aggregation.rule"},
      {R"("mode": "trusted-gateway", "device_aggregation": {"rule": "norm-filter"},
          "privacy": {"epsilon": 8})",
       "privacy.epsilon"},
      {R"("privacy": {"epsilon": 0})", "privacy.epsilon"},
      {R"("privacy": {"delta": 1})", "privacy.delta"},
      {R"("privacy": {"band": 4, "separation": 3})", "privacy.separation"},
      {R"("privacy": {"participations": 0})", "privacy.participations"},
      {R"("helpers": [])", "helpers"},
      {R"("helpers": {"nowhere": []})", "helpers"},
      {R"("mode": "trusted-gateway", "helpers": {"site-b": ["33333333333333333333333333333333"]})",
       "helpers"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.members);
    const auto result = parsed(spec_with(row.members));
    CHECK_FALSE(result.spec);
    CHECK(names_fault(result, row.fault));
  }
}

TEST_CASE("a single gateway needs no helper when it is trusted") {
  const auto result = parsed(spec_with(R"("mode": "trusted-gateway",
      "device_aggregation": {"rule": "multi-krum", "attackers": 3})",
                                       "[\"" + site_a + "\"]"));
  REQUIRE(result.spec);
  CHECK(result.spec->mode == cloud::round::TrustMode::trusted_gateway);
  const auto again = parsed(to_json(*result.spec));
  REQUIRE(again.spec);
  CHECK(again.spec->device_aggregation.attackers == 3);
}

TEST_CASE("mode pairwise has defaults of its own, and reads back what it writes") {
  const auto result = parsed(spec_with(R"("mode": "pairwise")"));
  REQUIRE(result.spec);
  REQUIRE(result.spec->pairwise);
  CHECK(result.spec->pairwise->corrupt_millionths == 100'000);
  CHECK(result.spec->pairwise->dropout_millionths == 200'000);
  CHECK(result.spec->seconds_of_a_round() == 600 + 60 + 120);
  const auto given = parsed(spec_with(
      R"("mode": "pairwise", "pairwise": {"corrupt": 0.07, "gateway_model": "active", "eta": 20, "witnesses": 11})"));
  REQUIRE(given.spec);
  CHECK(given.spec->pairwise->corrupt_millionths == 70'000);
  const auto json = to_json(*given.spec);
  const auto again = parsed(json);
  REQUIRE(again.spec);
  CHECK(to_json(*again.spec) == json);
  CHECK(again.spec->pairwise->gateway == pairwise::GatewayModel::active);
  CHECK_FALSE(parsed(spec_with("")).spec->pairwise);
}

TEST_CASE("what does not go with mode pairwise is named") {
  const std::string mode = R"("mode": "pairwise", )";
  const std::pair<std::string, std::string> wrong[] = {
      {mode + R"("helpers": {"site-b": [")" + helper + R"("]})", "helpers"},
      {mode + R"("scope": "global")", "scope"},
      {mode + R"("device_aggregation": {"rule": "median"})", "device_aggregation.rule"},
      {mode + R"("cohort_size": 20)", "cohort_size"},
      {mode + R"("over_selection": 1.2)", "over_selection"},
      {mode + R"("privacy": {"separation": 2})", "privacy.separation"},
      {mode + R"("n_min": 2, "pairwise": {"corrupt": 0.9})", "pairwise.corrupt"},
      {mode + R"("pairwise": {"corrupt": 0.6, "dropout": 0.5})", "pairwise.corrupt"},
      {mode + R"("pairwise": {"witnesses": 1})", "pairwise.corrupt"},
      {mode + R"("n_min": 5000, "pairwise": {"dropout": 0.5})", "pairwise.corrupt"},
      {mode + R"("pairwise": {"gateway_model": "kind"})", "pairwise.gateway_model"},
      {mode + R"("pairwise": {"shares": 3})", "pairwise.shares"},
      {R"("pairwise": {})", "pairwise"},
  };
  for (const auto& [member, fault] : wrong) {
    CAPTURE(member);
    const auto result = parsed(spec_with(member));
    CHECK_FALSE(result.spec);
    CHECK(names_fault(result, fault));
  }
  CHECK(parsed(spec_with(mode + R"("privacy": {"separation": 1})")).spec);
  CHECK(parsed(spec_with(mode + R"("over_selection": 1)")).spec);
  CHECK(parsed(spec_with(mode + R"("pairwise": {"gateway_model": "semi-honest"})")).spec);
}

TEST_CASE("a group's parameters come from what the operator expects") {
  cloud::round::PairwiseSpec spec;
  spec.corrupt_millionths = 100'000;
  spec.dropout_millionths = 250'000;
  CHECK(cloud::round::smallest_group(spec, 8) == 10);
  const auto plan = cloud::round::plan_group(spec, 8, 12);
  REQUIRE(plan.index() == 0);
  // Complete: 3 of 12 may be missing, and a member's neighbours are the 11 others.
  CHECK(std::get<cloud::round::GroupPlan>(plan) == cloud::round::GroupPlan{12, 11, 8, 12, 7});
  CHECK(cloud::round::plan_group(spec, 8, 9).index() == 1);
  CHECK(cloud::round::plan_group(spec, 8, 5001).index() == 1);
  CHECK(cloud::round::percent(125'000) == "12.5 %");
  CHECK(cloud::round::percent(10'000) == "1 %");
}

TEST_CASE("the noise multiplier follows from the budget, and is the same when read back") {
  const auto result = parsed(spec_with(
      R"("rounds": 40, "privacy": {"epsilon": 4, "delta": 1e-5, "band": 4, "separation": 8})"));
  REQUIRE(result.spec);
  REQUIRE(result.spec->privacy);
  const auto& [budget, terms] = *result.spec->privacy;
  CHECK(terms.participation.cap == 5);
  const privacy::Ledger ledger(budget, terms);
  CHECK(ledger.affords(40));
  CHECK(ledger.spent(40) > 3.99);
  const auto again = parsed(to_json(*result.spec));
  REQUIRE(again.spec);
  CHECK(again.spec->privacy->terms.noise_multiplier == terms.noise_multiplier);
}

TEST_CASE("scopes wider than a gateway: what they need, and what they forbid") {
  const auto helpers = R"("helpers": {")" + site_a + R"(": [")" + helper + R"("], ")" + site_b +
                       R"(": [")" + helper + R"("]})";
  const auto global = parsed(spec_with(R"("scope": "global", )" + helpers));
  REQUIRE(global.spec);
  CHECK(scope_of(*global.spec, *GatewayId::from_hex(site_a)) == "global");
  const auto group = parsed(spec_with(R"("scope": "group", "groups": {"north": [")" + site_a +
                                      R"(", "site-b"]}, )" + helpers));
  REQUIRE(group.spec);
  CHECK(scope_of(*group.spec, *GatewayId::from_hex(site_b)) == "north");
  const auto again = parsed(to_json(*group.spec));
  REQUIRE(again.spec);
  CHECK(to_json(*again.spec) == to_json(*group.spec));
  CHECK_FALSE(scope_of(*parsed(spec_with("")).spec, *GatewayId::from_hex(site_a)));

  CHECK(names_fault(
      parsed(spec_with(R"("scope": "global", "aggregation": {"rule": "median"}, )" + helpers)),
      "aggregation.rule"));
  const auto others = R"("helpers": {")" + site_a + R"(": [")" + helper + R"("], ")" + site_b +
                      R"(": [")" + site_a + R"("]})";
  CHECK(names_fault(parsed(spec_with(R"("scope": "global", )" + others)), "helpers"));
  const auto own = HelperId::from_hex(helper);
  CHECK(names_fault(parse_task_spec(spec_with(R"("scope": "global", )" + helpers), names, own),
                    "helpers"));
}

TEST_CASE("T1: the coordinator's own helper has a name, and helps a gateway that is alone") {
  const auto own = HelperId::from_hex(helper);
  const auto alone = parse_task_spec(spec_with("", "[\"" + site_a + "\"]"), names, own);
  REQUIRE(alone.spec);
  CHECK(alone.spec->helpers.at(*GatewayId::from_hex(site_a)).front() == *own);
  const auto named =
      R"("helpers": {")" + site_a + R"(": ["coordinator"], "site-b": ["coordinator"]})";
  const auto both = parse_task_spec(spec_with(named), names, own);
  REQUIRE(both.spec);
  CHECK(both.spec->helpers.at(*GatewayId::from_hex(site_b)).front() == *own);
  CHECK(names_fault(parsed(spec_with(named)), "helpers"));
  CHECK(parse_task_spec(spec_with(""), names, own).spec->helpers.empty());
}

TEST_CASE("a subset names layers or parameters, and reads back the same") {
  const auto layers = parsed(spec_with(R"("subset": {"trainable": "last:1", "share": 0.25})"));
  REQUIRE(layers.spec);
  REQUIRE(layers.spec->subset);
  CHECK(layers.spec->subset->error_feedback);  // by default where not all travels
  CHECK(layers.spec->subset->block_words == 64);
  const auto again = parsed(to_json(*layers.spec));
  REQUIRE(again.spec);
  CHECK(again.spec->subset->trainable == "last:1");
  CHECK(again.spec->subset->share == 0.25);
  const auto range = parsed(spec_with(R"("subset": {"trainable": [100, 50]})"));
  REQUIRE(range.spec);
  CHECK_FALSE(range.spec->subset->error_feedback);
  CHECK(parsed(to_json(*range.spec)).spec->subset->range == crypto::Span{100, 50});
}

TEST_CASE("subsets that cannot be are faults that name the member") {
  for (const char* trainable : {R"("some")", R"("last:0")", R"("last:")", R"("last:-1")", "[1]",
                                "[5, 0]", R"(["a", 1])", "7"}) {
    CAPTURE(trainable);
    CHECK(
        names_fault(parsed(spec_with(R"("subset": {"trainable": )" + std::string(trainable) + "}")),
                    "subset.trainable"));
  }
  CHECK(names_fault(parsed(spec_with(R"("subset": {"share": 0})")), "subset.share"));
  CHECK(names_fault(parsed(spec_with(R"("subset": {"share": 1.1})")), "subset.share"));
  CHECK(names_fault(parsed(spec_with(R"("subset": {"error_feedback": true})")),
                    "subset.error_feedback"));
  CHECK(names_fault(parsed(spec_with(R"("subset": {"layers": 1})")), "subset.layers"));
  CHECK(names_fault(parsed(spec_with(R"("subset": 1)")), "subset"));
}

TEST_CASE("layers of a perceptron are where its trainer keeps them; what does not fit is told") {
  using cloud::round::subset_for;
  const auto span = [](const std::string& trainable, const std::string& model,
                       std::uint32_t parameters) {
    cloud::round::SubsetSpec spec;
    spec.trainable = trainable;
    const auto made = subset_for(spec, model, parameters, Hash{});
    return std::holds_alternative<crypto::Subset>(made) ? std::get<crypto::Subset>(made).trained
                                                        : crypto::Span{0, 0};
  };
  CHECK(span("all", "mlp:4-3-2", 23) == crypto::Span{0, 23});
  CHECK(span("last:1", "mlp:4-3-2", 23) == crypto::Span{15, 8});
  CHECK(span("first:1", "mlp:4-3-2", 23) == crypto::Span{0, 15});
  CHECK(span("last:2", "mlp:4-3-2", 23) == crypto::Span{0, 23});
  CHECK(span("last:1", "standardise+mlp:4-3-2", 31) == crypto::Span{23, 8});
  CHECK(span("first:1", "standardise+mlp:4-3-2", 31) == crypto::Span{8, 15});
  CHECK(span("last:3", "mlp:4-3-2", 23).count == 0);
  CHECK(span("last:1", "tree:4", 23).count == 0);
  CHECK(span("last:1", "mlp:4-x", 23).count == 0);
  CHECK(span("last:1", "mlp:4-3-2", 22).count == 0);
  cloud::round::SubsetSpec range;
  range.range = crypto::Span{20, 4};
  CHECK(std::get<std::string>(subset_for(range, "x", 23, Hash{})).find("has 23") !=
        std::string::npos);
  CHECK(std::get<crypto::Subset>(subset_for(range, "x", 24, Hash{})).trained == *range.range);
  cloud::round::SubsetSpec coarse;
  coarse.share = 0.9;
  CHECK(std::get<std::string>(subset_for(coarse, "x", 100, Hash{})).find("block_words") !=
        std::string::npos);
  // Never more blocks than a device may have to draw from.
  coarse.share = 0.5;
  coarse.block_words = 1;
  CHECK(std::get<crypto::Subset>(subset_for(coarse, "x", 1U << 24, Hash{})).fault().empty());
}

TEST_CASE(
    "device noise alone, and beside noise in the sums; neither with a robust rule over devices") {
  const auto alone = parsed(spec_with(R"("rounds": 7, "privacy": {"device_noise": 0.3})"));
  REQUIRE(alone.spec);
  CHECK_FALSE(alone.spec->privacy);
  REQUIRE(alone.spec->device_noise);
  CHECK(alone.spec->device_noise->multiplier >= 0.3);
  CHECK(alone.spec->device_noise->participation.cap == 7);
  const auto again = parsed(to_json(*alone.spec));
  REQUIRE(again.spec);
  CHECK_FALSE(again.spec->privacy);
  CHECK(again.spec->device_noise->multiplier == alone.spec->device_noise->multiplier);
  const auto both =
      parsed(spec_with(R"("privacy": {"epsilon": 4, "device_noise": 0.3, "participations": 5})"));
  REQUIRE(both.spec);
  CHECK(both.spec->privacy);
  const auto both_again = parsed(to_json(*both.spec));
  REQUIRE(both_again.spec);
  CHECK(both_again.spec->privacy->terms.noise_multiplier ==
        both.spec->privacy->terms.noise_multiplier);
  CHECK(both_again.spec->device_noise->participation.cap == 5);
  CHECK(
      names_fault(parsed(spec_with(R"("privacy": {"device_noise": -1})")), "privacy.device_noise"));
  CHECK_FALSE(parsed(spec_with(R"("mode": "trusted-gateway", "n_min": 10,
      "device_aggregation": {"rule": "krum", "attackers": 1}, "privacy": {"device_noise": 0.3})"))
                  .spec);
}

TEST_CASE("wrong gateways are named") {
  for (const char* list : {"[]", "5", R"(["nobody"])", R"([5])"}) {
    CAPTURE(list);
    CHECK(names_fault(parsed(spec_with("", list)), "gateways"));
  }
  CHECK(names_fault(parsed(spec_with("", "[\"" + site_a + "\", \"" + site_a + "\"]")), "gateways"));
  CHECK(names_fault(parsed(spec_with("", "[\"" + site_a + "\"]")), "helpers"));
}

TEST_CASE("all faults are reported at once, and a body that is no object is one") {
  const auto many = parsed(R"({"name": "", "rounds": 0, "surprise": 1})");
  CHECK(names_fault(many, "name"));
  CHECK(names_fault(many, "model"));
  CHECK(names_fault(many, "initial_model"));
  CHECK(names_fault(many, "gateways"));
  CHECK(names_fault(many, "rounds"));
  CHECK(names_fault(many, "surprise"));
  CHECK(parsed("{not json").faults.size() == 1);
  CHECK(parsed("[]").faults.size() == 1);
  CHECK(parsed("").faults.size() == 1);
}
