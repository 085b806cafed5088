#include "cloud/round/group.hpp"

#include "crypto/pairwise/member_tree.hpp"
#include "uplink.pb.h"

namespace tributary::cloud::round {
namespace {

constexpr std::uint32_t pairwise_version = 4;

}  // namespace

std::optional<GroupMembers> group_members(std::string_view bytes,
                                          const std::set<DeviceId>& left_out) {
  v1::Roster roster;
  if (!roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  GroupMembers members;
  std::vector<Hash> leaves;
  for (const auto& key : roster.devices()) {
    v1::Certificate certificate;
    if (!certificate.ParseFromString(key.certificate().body())) return std::nullopt;
    const auto device = DeviceId::from(certificate.subject_id());
    if (!device) return std::nullopt;
    if (left_out.contains(*device)) {
      members.left_out.push_back(*device);
      continue;
    }
    leaves.push_back(pairwise::member_leaf(static_cast<std::uint32_t>(leaves.size()),
                                           view_of(key.certificate().body()),
                                           view_of(key.epoch_key().body())));
    members.devices.push_back(*device);
  }
  if (!leaves.empty()) members.root = pairwise::MemberTree(std::move(leaves)).root();
  return members;
}

v1::Group make_group(const GroupTerms& terms, const GroupPlan& plan, const Hash& root) {
  v1::Group group;
  group.set_minimum_reader_version(pairwise_version);
  group.set_tenant(terms.tenant);
  group.set_task_id(terms.task.raw());
  group.set_gateway_id(terms.gateway.raw());
  group.set_roster_root(root.raw());
  group.set_beacon(terms.beacon.raw());
  group.set_devices(plan.devices);
  group.set_neighbours(plan.neighbours);
  group.set_threshold(plan.threshold);
  group.set_witnesses(plan.witnesses);
  group.set_quorum(plan.quorum);
  group.set_first_slot(terms.first_slot);
  group.set_last_slot(terms.first_slot + slots_of_a_group - 1);
  return group;
}

}  // namespace tributary::cloud::round
