// The members of a group out of a gateway's roster, and the Group the coordinator signs about them.
#pragma once

#include <set>

#include "cloud/round/group_plan.hpp"
#include "crypto/hash.hpp"
#include "tributary.pb.h"

namespace tributary::cloud::round {

struct GroupMembers {
  std::vector<DeviceId> devices;   // ascending
  std::vector<DeviceId> left_out;  // of the roster, ascending
  Hash root;                       // of the tree over the members' keys; zero when there are none
};
// nullopt: not a roster.
std::optional<GroupMembers> group_members(std::string_view roster,
                                          const std::set<DeviceId>& left_out);

struct GroupTerms {
  std::string tenant;
  TaskId task;
  GatewayId gateway;
  Hash beacon;  // drawn after the members were fixed
  std::uint32_t first_slot;
};
v1::Group make_group(const GroupTerms& terms, const GroupPlan& plan, const Hash& root);

}  // namespace tributary::cloud::round
