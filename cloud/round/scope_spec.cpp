#include "cloud/round/scope_spec.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "device-protocol/cpp/context.hpp"

namespace tributary::cloud::round {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_group_name = 64;
constexpr std::array<std::string_view, 3> names_of_scopes{"gateway", "group", "global"};

std::optional<ScopeKind> kind_of(const json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  const auto found = std::ranges::find(names_of_scopes, std::string_view{*text});
  if (found == names_of_scopes.end()) return std::nullopt;
  return static_cast<ScopeKind>(found - names_of_scopes.begin());
}

std::vector<GatewayId> read_group(Members& members, const json::key_value_pair& group,
                                  const GatewayNames& names, const TaskSpec& spec) {
  const std::string name{group.key()};
  const auto* list = group.value().if_array();
  if (name.empty() || name.size() > longest_group_name || list == nullptr || list->size() < 2) {
    members.fault("groups", "'" + name +
                                "' must be a name of 1 to 64 bytes with a list of at least two "
                                "gateways: the total of one would be its own sum");
    return {};
  }
  std::vector<GatewayId> gateways;
  for (const auto& item : *list) {
    const auto id = gateway_of(item, names);
    if (id && std::ranges::find(spec.gateways, *id) != spec.gateways.end()) {
      gateways.push_back(*id);
    } else {
      members.fault("groups", json::serialize(item) + " in '" + name + "' is not in `gateways`");
    }
  }
  return gateways;
}

void read_groups(Members& members, const json::object& object, const GatewayNames& names,
                 TaskSpec& spec) {
  for (const auto& group : object) {
    spec.groups[group.key()] = read_group(members, group, names, spec);
  }
  for (const auto& gateway : spec.gateways) {
    std::ptrdiff_t times = 0;
    for (const auto& [name, gateways] : spec.groups) times += std::ranges::count(gateways, gateway);
    if (times == 1) continue;
    members.fault("groups", "name gateway " + gateway.hex() + " " + std::to_string(times) +
                                " times; each gateway of the task is in one group");
  }
}

// One total needs one set of helpers, and none of them may see a part of it in the clear.
void check_helpers(Members& members, const std::vector<GatewayId>& gateways,
                   const std::optional<HelperId>& own_helper, const TaskSpec& spec) {
  const auto first = spec.helpers.find(gateways.front());
  if (first == spec.helpers.end()) return;
  for (const auto& gateway : gateways) {
    const auto named = spec.helpers.find(gateway);
    if (named != spec.helpers.end() && named->second != first->second) {
      members.fault("helpers",
                    "must be the same, in the same order, for all gateways of a scope; " +
                        gateway.hex() + " has others than " + gateways.front().hex());
    }
  }
  if (own_helper && std::ranges::find(first->second, *own_helper) != first->second.end()) {
    members.fault("helpers",
                  "must not be the coordinator's own in scope group and global: it would see each "
                  "gateway's sum, not the total alone");
  }
}

void check_wide(Members& members, const std::optional<HelperId>& own_helper, const TaskSpec& spec) {
  if (spec.mode != TrustMode::split_trust) {
    members.fault("scope",
                  "group and global need mode \"split-trust\": in the others the coordinator sees "
                  "each gateway's sum");
    return;
  }
  if (spec.helpers.empty()) {
    members.fault("helpers",
                  "must be named in scope group and global: the same for all gateways of a scope, "
                  "none of which runs on one of these gateways");
    return;
  }
  if (spec.scope == ScopeKind::global) {
    if (spec.gateways.size() < 2) {
      members.fault("scope", "global needs at least two gateways: take scope \"gateway\"");
    } else {
      check_helpers(members, spec.gateways, own_helper, spec);
    }
  }
  for (const auto& [name, gateways] : spec.groups) {
    if (!gateways.empty()) check_helpers(members, gateways, own_helper, spec);
  }
}

}  // namespace

std::string_view name_of(ScopeKind scope) {
  return names_of_scopes[static_cast<std::size_t>(scope)];
}

std::optional<std::string> scope_of(const TaskSpec& spec, const GatewayId& gateway) {
  if (spec.scope == ScopeKind::global) return std::string{wire::global_scope};
  for (const auto& [name, gateways] : spec.groups) {
    if (std::ranges::find(gateways, gateway) != gateways.end()) return name;
  }
  return std::nullopt;
}

void read_scope(Members& members, const GatewayNames& names,
                const std::optional<HelperId>& own_helper, TaskSpec& spec) {
  const auto* scope = members.find("scope");
  const auto* groups = members.find("groups");
  const auto kind = scope ? kind_of(*scope) : ScopeKind::gateway;
  if (!kind) members.fault("scope", "must be \"gateway\", \"group\" or \"global\"");
  spec.scope = kind.value_or(ScopeKind::gateway);
  if (spec.scope != ScopeKind::group && groups != nullptr) {
    members.fault("groups", "are for scope \"group\"");
  }
  if (spec.scope == ScopeKind::group) {
    const auto* object = groups ? groups->if_object() : nullptr;
    if (object == nullptr) {
      members.fault("groups", "must be an object from a group's name to its gateways");
    } else {
      read_groups(members, *object, names, spec);
    }
  }
  if (spec.scope != ScopeKind::gateway) check_wide(members, own_helper, spec);
}

json::object groups_json(const TaskSpec& spec) {
  json::object groups;
  for (const auto& [name, gateways] : spec.groups) {
    json::array list;
    for (const auto& gateway : gateways) list.emplace_back(gateway.hex());
    groups[name] = std::move(list);
  }
  return groups;
}

}  // namespace tributary::cloud::round
