// The part of a task spec that says whose sums are released: `scope` and `groups`.
#pragma once

#include "cloud/round/members.hpp"

namespace tributary::cloud::round {

// After gateways, mode and helpers have been read. `own_helper`: as in parse_task_spec.
void read_scope(Members& members, const GatewayNames& names,
                const std::optional<HelperId>& own_helper, TaskSpec& spec);

// `groups` as JSON of ids.
boost::json::object groups_json(const TaskSpec& spec);

}  // namespace tributary::cloud::round
