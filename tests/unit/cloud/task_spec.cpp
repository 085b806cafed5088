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
      {R"("mode": "in-pairs")", "mode"},
      {R"("scope": "global")", "scope"},
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
