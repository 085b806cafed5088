#include "cloud/round/pairwise_members.hpp"

#include <cmath>

#include "cloud/round/group_plan.hpp"

namespace tributary::cloud::round {
namespace {

constexpr double million = 1e6;

void share(Members& members, std::string_view name, std::uint32_t& millionths) {
  double value = millionths / million;
  members.real(name, 0, 0.9, value);
  millionths = static_cast<std::uint32_t>(std::lround(value * million));
}

void gateway_model(Members& members, pairwise::GatewayModel& model) {
  const auto* value = members.find("gateway_model");
  if (value == nullptr) return;
  if (*value == "active") {
    model = pairwise::GatewayModel::active;
  } else if (*value != "semi-honest") {
    members.fault("gateway_model", "must be \"semi-honest\" or \"active\"");
  }
}

void refuse_what_the_mode_rules_out(std::vector<SpecFault>& faults, const TaskSpec& spec) {
  constexpr auto everybody = " in mode \"pairwise\": a round asks every member of a group";
  if (spec.cohort_size != 0) {
    faults.push_back({"cohort_size", std::string("must be 0") + everybody});
  }
  if (spec.over_selection > 1) {
    faults.push_back({"over_selection", std::string("must be 1") + everybody});
  }
  if (spec.privacy && spec.privacy->terms.participation.separation > 1) {
    faults.push_back({"privacy.separation", std::string("must be 1") + everybody});
  }
}

}  // namespace

void read_pairwise(const boost::json::object* given, std::vector<SpecFault>& faults,
                   TaskSpec& spec) {
  const boost::json::object defaults;
  Members members(given ? *given : defaults, "pairwise.", faults);
  if (spec.mode != TrustMode::pairwise) {
    if (given) faults.push_back({"pairwise", "is for mode \"pairwise\""});
    return;
  }
  PairwiseSpec pairwise;
  share(members, "corrupt", pairwise.corrupt_millionths);
  share(members, "dropout", pairwise.dropout_millionths);
  gateway_model(members, pairwise.gateway);
  members.whole("sigma", 20, 100, pairwise.sigma);
  members.whole("eta", 1, 100, pairwise.eta);
  members.whole("witnesses", 1, 255, pairwise.witnesses);
  members.whole("witness_seconds", 1, 24 * 3600, pairwise.witness_seconds);
  members.whole("reveal_seconds", 1, 24 * 3600, pairwise.reveal_seconds);
  members.whole("member_patience_seconds", 1, 7 * 24 * 3600, pairwise.member_patience_seconds);
  members.refuse_unknown();
  refuse_what_the_mode_rules_out(faults, spec);
  if (!faults.empty()) return;
  const auto plan = plan_group(pairwise, spec.n_min, smallest_group(pairwise, spec.n_min));
  if (const auto* why_not = std::get_if<std::string>(&plan)) members.fault("corrupt", *why_not);
  spec.pairwise = pairwise;
}

boost::json::object pairwise_json(const PairwiseSpec& spec) {
  return {
      {"corrupt", spec.corrupt_millionths / million},
      {"dropout", spec.dropout_millionths / million},
      {"gateway_model", spec.gateway == pairwise::GatewayModel::active ? "active" : "semi-honest"},
      {"sigma", spec.sigma},
      {"eta", spec.eta},
      {"witnesses", spec.witnesses},
      {"witness_seconds", spec.witness_seconds},
      {"reveal_seconds", spec.reveal_seconds},
      {"member_patience_seconds", spec.member_patience_seconds}};
}

}  // namespace tributary::cloud::round
