// Who would have to work together to read one device's update, in words for the operator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cloud/round/group_plan.hpp"

namespace tributary::cloud::round {

struct Party {
  std::string name;                        // of the gateway the role runs on, or its id
  std::optional<std::string> operated_by;  // of its certificate; nullopt: not connected yet
};

// Mode pairwise: what the devices of a gateway hold out against.
struct DeviceMasks {
  PairwiseSpec spec;
  std::optional<GroupPlan> group;  // nullopt: not made yet
};

// One gateway of a task and the parties that remove its masks; none: nobody masks and the gateway is trusted,
// or the devices mask with each other.
struct MaskSplit {
  Party gateway;
  std::vector<Party> helpers;
  std::optional<std::string> scope = {};  // name of the wider scope whose total alone is released
  std::optional<DeviceMasks> pairwise = std::nullopt;
};

// One sentence per gateway, and one per wider scope.
std::string trust_words(const std::vector<MaskSplit>& splits);
// One per gateway whose helpers are all run by the gateway's own operator: trust is not split there. Nothing
// of a gateway without helpers: there the words say it, and the operator chose it.
std::vector<std::string> trust_warnings(const std::vector<MaskSplit>& splits);

}  // namespace tributary::cloud::round
