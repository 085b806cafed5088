// What the coordinator reads out of a gateway's roster: for itself, and for a group of mode pairwise.
#include "cloud/round/roster.hpp"

#include <doctest/doctest.h>

#include "cloud/round/group.hpp"
#include "crypto/pairwise/member_tree.hpp"
#include "device-protocol/cpp/group.hpp"
#include "uplink.pb.h"

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

template <class Value>
Value filled(std::uint8_t number) {
  Value value;
  value.bytes.fill(number);
  return value;
}

v1::Certificate certificate(std::uint8_t device) {
  v1::Certificate certificate;
  certificate.set_subject_id(filled<DeviceId>(device).raw());
  certificate.set_role(v1::ROLE_DEVICE);
  certificate.set_gateway_id(filled<GatewayId>(50).raw());
  return certificate;
}

void add(v1::Roster& roster, const v1::Certificate& certificate) {
  auto& key = *roster.add_devices();
  key.mutable_certificate()->set_body(certificate.SerializeAsString());
  key.mutable_epoch_key()->set_body("epoch key of " + certificate.subject_id());
}

v1::Roster roster_of(const std::vector<std::uint8_t>& devices) {
  v1::Roster roster;
  roster.set_gateway_id(filled<GatewayId>(50).raw());
  for (const auto device : devices) add(roster, certificate(device));
  return roster;
}

std::string fault_of(const v1::Roster& roster) {
  const auto read = read_roster(roster.SerializeAsString());
  const auto* fault = std::get_if<std::string>(&read);
  return fault == nullptr ? std::string{} : *fault;
}

Hash root_of(const v1::Roster& roster, const std::vector<int>& members) {
  std::vector<Hash> leaves;
  for (const int member : members) {
    const auto& key = roster.devices(member);
    leaves.push_back(pairwise::member_leaf(static_cast<std::uint32_t>(leaves.size()),
                                           view_of(key.certificate().body()),
                                           view_of(key.epoch_key().body())));
  }
  return pairwise::MemberTree(std::move(leaves)).root();
}

}  // namespace

TEST_CASE("a roster is its gateway, its devices in order, and the hash of its bytes") {
  const auto bytes = roster_of({1, 2, 9}).SerializeAsString();
  const auto reading = std::get<RosterReading>(read_roster(bytes));
  CHECK(reading.gateway == filled<GatewayId>(50));
  CHECK(reading.devices ==
        std::vector{filled<DeviceId>(1), filled<DeviceId>(2), filled<DeviceId>(9)});
  CHECK(reading.hash == crypto::hash("roster", {view_of(bytes)}));
  CHECK(std::get<RosterReading>(read_roster(roster_of({}).SerializeAsString())).devices.empty());
}

TEST_CASE("a roster that is none is refused in words") {
  CHECK(std::get<std::string>(read_roster("\xff")).find("not a Roster") != std::string::npos);
  auto roster = roster_of({1});
  roster.set_gateway_id("short");
  CHECK(fault_of(roster).find("gateway_id must be 16 bytes") != std::string::npos);
  for (const auto& devices : std::vector<std::vector<std::uint8_t>>{{2, 1}, {1, 1}}) {
    CHECK(fault_of(roster_of(devices)).find("is out of order") != std::string::npos);
  }
  roster = roster_of({1});
  roster.mutable_devices(0)->mutable_certificate()->set_body("\xff");
  CHECK(fault_of(roster).find("does not decode") != std::string::npos);
}

TEST_CASE("a roster holds devices of its own gateway and nobody else") {
  auto roster = roster_of({1});
  auto other = certificate(2);
  std::string words;
  SUBCASE("a server") {
    other.set_role(v1::ROLE_HELPER);
    words = "not of a device";
  }
  SUBCASE("nobody") {
    other.set_subject_id("short");
    words = "not of a device";
  }
  SUBCASE("another gateway's") {
    other.set_gateway_id(filled<GatewayId>(51).raw());
    words = "enrolled at another gateway";
  }
  add(roster, other);
  CHECK(fault_of(roster).find(words) != std::string::npos);
}

TEST_CASE("a group's members are the roster but those left out, numbered anew, under one root") {
  const auto roster = roster_of({1, 2, 3, 4});
  const auto bytes = roster.SerializeAsString();
  const auto all = group_members(bytes, {});
  REQUIRE(all);
  CHECK(all->devices.size() == 4);
  CHECK(all->left_out.empty());
  CHECK(all->root == root_of(roster, {0, 1, 2, 3}));
  const auto most = group_members(bytes, {filled<DeviceId>(2), filled<DeviceId>(77)});
  REQUIRE(most);
  CHECK(most->left_out == std::vector{filled<DeviceId>(2)});
  CHECK(most->root == root_of(roster, {0, 2, 3}));
  const auto none = group_members(bytes, {all->devices.begin(), all->devices.end()});
  REQUIRE(none);
  CHECK(none->devices.empty());
  CHECK(none->root == Hash{});
}

TEST_CASE("a group is not made of what is no roster") {
  CHECK_FALSE(group_members("\xff", {}));
  auto roster = roster_of({1});
  roster.mutable_devices(0)->mutable_certificate()->set_body("\xff");
  CHECK_FALSE(group_members(roster.SerializeAsString(), {}));
  auto nobody = certificate(1);
  nobody.set_subject_id("short");
  roster = roster_of({});
  add(roster, nobody);
  CHECK_FALSE(group_members(roster.SerializeAsString(), {}));
}

TEST_CASE("the group that is signed is the plan's, and every reader takes it") {
  const GroupTerms terms{"plant", filled<TaskId>(1), filled<GatewayId>(50), filled<Hash>(3), 5};
  const GroupPlan plan{40, 12, 8, 30, 21};
  const auto parsed =
      wire::parse_group(make_group(terms, plan, filled<Hash>(4)).SerializeAsString());
  const auto& group = std::get<wire::Group>(parsed);
  CHECK(group.tenant == "plant");
  CHECK(group.task == filled<TaskId>(1));
  CHECK(group.gateway == filled<GatewayId>(50));
  CHECK(group.beacon == filled<Hash>(3));
  CHECK(group.roster_root == filled<Hash>(4));
  CHECK(GroupPlan{group.devices, group.neighbours, group.threshold, group.witnesses,
                  group.quorum} == plan);
  CHECK(group.first_slot == 5);
  CHECK(group.last_slot == 4 + slots_of_a_group);
}
