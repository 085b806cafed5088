#include "cloud/round/trust.hpp"

#include <algorithm>
#include <map>

namespace tributary::cloud::round {
namespace {

std::string named(const Party& party) {
  return party.name + " (" +
         (party.operated_by ? "operator " + *party.operated_by : "operator not known yet") + ")";
}

std::string all_of(const std::vector<Party>& parties) {
  std::string words;
  for (const auto& party : parties) {
    if (!words.empty()) words += " and at ";
    words += named(party);
  }
  return words;
}

std::string scope_words(const std::vector<MaskSplit>& splits) {
  std::map<std::string, std::string> gateways;
  for (const auto& split : splits) {
    if (!split.scope) continue;
    auto& names = gateways[*split.scope];
    names += (names.empty() ? "" : ", ") + split.gateway.name;
  }
  std::string words;
  for (const auto& [scope, names] : gateways) {
    words += (words.empty() ? "" : " ") + ("Of the gateways of scope " + scope) + " (" + names +
             ") the coordinator sees the total only, and no single gateway's sum.";
  }
  return words;
}

bool one_operator(const MaskSplit& split) {
  return split.gateway.operated_by && !split.helpers.empty() &&
         std::ranges::all_of(split.helpers, [&](const Party& helper) {
           return helper.operated_by == split.gateway.operated_by;
         });
}

std::string pairwise_words(const MaskSplit& split) {
  const auto& [spec, group] = *split.pairwise;
  const bool active = spec.gateway == pairwise::GatewayModel::active;
  std::string words = "To read one update sent to gateway " + named(split.gateway) +
                      ", it must collude with more than " + percent(spec.corrupt_millionths) +
                      " of the devices there" +
                      (active ? ", even if it tells different devices different things"
                              : "; it is taken to follow the protocol") +
                      ". It sees its own sums, and so does the coordinator.";
  if (!group) return words + " The devices are not grouped yet.";
  return words + " Of " + std::to_string(group->devices) + " devices each masks with " +
         std::to_string(group->neighbours) + " others, " + std::to_string(group->threshold) +
         " of whom together open what it masked with; " + std::to_string(group->quorum) + " of " +
         std::to_string(group->witnesses) + " witnesses must agree who is in a sum.";
}

}  // namespace

std::string trust_words(const std::vector<MaskSplit>& splits) {
  std::string words = scope_words(splits);
  for (const auto& split : splits) {
    if (!words.empty()) words += ' ';
    if (split.pairwise) {
      words += pairwise_words(split);
      continue;
    }
    if (split.helpers.empty()) {
      words += "Gateway " + named(split.gateway) +
               " alone reads every update sent to it; the coordinator sees its sums only.";
      continue;
    }
    words += "To read one update sent to gateway " + named(split.gateway) +
             ", it must collude with the helper role at " + all_of(split.helpers) + '.';
    if (one_operator(split)) {
      words += " One operator runs them all, so trust is not split there: " +
               *split.gateway.operated_by + " alone can read every update.";
    }
  }
  return words;
}

std::vector<std::string> trust_warnings(const std::vector<MaskSplit>& splits) {
  std::vector<std::string> warnings;
  for (const auto& split : splits) {
    if (!one_operator(split)) continue;
    warnings.push_back("trust is not split at " + split.gateway.name + ": operator " +
                       *split.gateway.operated_by +
                       " runs the gateway and all of its helpers; name a helper of another "
                       "operator in `helpers`");
  }
  return warnings;
}

}  // namespace tributary::cloud::round
