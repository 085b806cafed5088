#include "cloud/engine/group_desk.hpp"

#include <algorithm>

#include "cloud/round/group.hpp"

namespace tributary::cloud::engine {
namespace {

constexpr std::size_t most_named = 5;

std::string some_of(const std::vector<DeviceId>& devices) {
  std::string names;
  for (std::size_t i = 0; i < std::min(devices.size(), most_named); ++i) {
    names += (i == 0 ? "" : ", ") + devices[i].hex();
  }
  return names + (devices.size() > most_named ? ", .." : "");
}

std::set<DeviceId> as_set(const std::vector<DeviceId>& devices) {
  return {devices.begin(), devices.end()};
}

}  // namespace

GroupDesk::GroupDesk(store::Store& store, const Fleet& fleet, Revisions& revisions,
                     const Identity& identity, const World& world)
    : store_(store), fleet_(fleet), revisions_(revisions), identity_(identity), world_(world) {
  for (auto& row : store_.groups.all()) {
    const Key key{row.task, row.gateway};
    entries_.emplace(key, entry_of(std::move(row)));
  }
}

GroupDesk::Entry GroupDesk::entry_of(store::GroupRow row) {
  v1::Group group;
  if (!group.ParseFromString(row.content)) {
    throw storage::Failure(storage::FailureKind::corrupt, "coordinator database: the group " +
                                                              row.hash.hex() + " does not decode");
  }
  return {std::move(row), group.first_slot(), group.last_slot()};
}

const store::GroupRow* GroupDesk::find(const TaskId& task, const GatewayId& gateway) const {
  const auto found = entries_.find({task, gateway});
  return found == entries_.end() ? nullptr : &found->second.row;
}

std::uint64_t GroupDesk::next_round(const Task& task) const {
  auto round = task.row.progress.round + 1;
  for (const auto& gateway : task.spec.gateways) {
    const auto found = entries_.find({task.row.id, gateway});
    if (found != entries_.end()) round = std::max<std::uint64_t>(round, found->second.first_slot);
  }
  return round;
}

void GroupDesk::keep(const Task& task) {
  for (const auto& gateway : task.spec.gateways) {
    const auto* member = fleet_.find(gateway);
    if (member == nullptr || !member->roster_hash || fleet_.is_down(gateway)) continue;
    keep(task, *member, next_round(task));
  }
}

void GroupDesk::keep(const Task& task, const Member& member, std::uint64_t round) {
  const bool settled = world_.now() - fleet_.rosters_changed_at() >= settling;
  const auto found = entries_.find({task.row.id, member.id});
  if (found == entries_.end()) {
    if (settled) make(task, member, static_cast<std::uint32_t>(round), {});
    return;
  }
  auto& entry = found->second;
  const auto left_out = renewal(task, member, entry, round);
  if (!left_out || !settled) return;
  // A device takes a newer group only.
  const auto first_slot = std::max<std::uint64_t>(round, std::uint64_t{entry.first_slot} + 1);
  make(task, member, static_cast<std::uint32_t>(first_slot), *left_out);
}

std::optional<std::set<DeviceId>> GroupDesk::renewal(const Task& task, const Member& member,
                                                     Entry& entry, std::uint64_t round) const {
  const auto now = world_.now();
  const std::chrono::seconds patience{task.spec.pairwise->member_patience_seconds};
  const auto left_out = as_set(entry.row.left_out);
  const auto begun = std::max<std::uint64_t>(entry.first_slot, task.row.progress.round + 1);
  if (round > entry.last_slot || round >= begun + slots_ahead) return left_out;
  if (now - entry.row.made_at >= second_chance && !left_out.empty()) return std::set<DeviceId>{};
  if (has_newcomers(entry, member) && now - entry.row.made_at >= patience) return left_out;
  if (entry.row.ready_until > round) {
    entry.behind_since.reset();
    return std::nullopt;
  }
  if (!entry.behind_since) entry.behind_since = now;
  if (now - *entry.behind_since < patience) return std::nullopt;
  // Who never prepared is left out. Who prepared and fell behind, having slept through rounds, begins anew
  // with everybody: its prekeys of the slots that are over cannot be told from those that are needed.
  std::set<DeviceId> absent = left_out;
  if (entry.row.ready_until <= entry.first_slot) {
    absent.insert(entry.row.missing.begin(), entry.row.missing.end());
  }
  return absent;
}

bool GroupDesk::has_newcomers(const Entry& entry, const Member& member) const {
  if (entry.row.roster_hash == *member.roster_hash) return false;
  return std::ranges::any_of(fleet_.devices_of(*member.roster_hash), [&](const DeviceId& device) {
    return !std::ranges::binary_search(entry.row.members, device) &&
           !std::ranges::binary_search(entry.row.left_out, device);
  });
}

void GroupDesk::make(const Task& task, const Member& member, std::uint32_t first_slot,
                     const std::set<DeviceId>& left_out) {
  auto& refused = refused_[{task.row.id, member.id}];
  if (!refused.why.empty() && refused.roster == *member.roster_hash &&
      refused.left_out == left_out) {
    return;
  }
  refused = {*member.roster_hash, left_out, {}};
  const auto roster = store_.gateways.roster(*member.roster_hash);
  auto members = roster ? round::group_members(roster->content, left_out) : std::nullopt;
  if (!members) {
    refused.why = "its roster cannot be read";
    return;
  }
  const auto plan = round::plan_group(*task.spec.pairwise, task.spec.n_min,
                                      static_cast<std::uint32_t>(members->devices.size()));
  if (const auto* fault = std::get_if<std::string>(&plan)) {
    refused.why = *fault;
    return;
  }
  // The members are fixed: only now is drawn who masks with whom.
  const auto group = round::make_group(
      {identity_.authority.tenant, task.row.id, member.id, world_.draw_beacon(), first_slot},
      std::get<round::GroupPlan>(plan), members->root);
  store::GroupRow row;
  row.task = task.row.id;
  row.gateway = member.id;
  row.content = group.SerializeAsString();
  row.hash = crypto::hash("group", {view_of(row.content)});
  row.signature = crypto::sign(identity_.key, "group", row.hash);
  row.roster_hash = *member.roster_hash;
  row.missing = members->devices;
  row.members = std::move(members->devices);
  row.left_out = std::move(members->left_out);
  row.made_at = world_.now();
  row.ready_until = first_slot;
  adopt(std::move(row), group);
}

void GroupDesk::adopt(store::GroupRow row, const v1::Group& group) {
  store_.groups.put(row);
  world_.say(Severity::info, "group_made",
             {{"task", row.task.hex()},
              {"gateway", fleet_.called(row.gateway)},
              {"group", row.hash.hex()},
              {"members", group.devices()},
              {"left_out", row.left_out.size()},
              {"neighbours", group.neighbours()},
              {"threshold", group.threshold()},
              {"first_slot", group.first_slot()}});
  revisions_.changed(row.gateway);
  const Key key{row.task, row.gateway};
  auto entry = entry_of(std::move(row));
  entry.behind_since = entry.row.made_at;
  entries_.insert_or_assign(key, std::move(entry));
}

std::variant<GroupDesk::Prepared, std::string> GroupDesk::prepared(const Task& task,
                                                                   const GatewayId& gateway,
                                                                   std::uint64_t round) const {
  const auto name = fleet_.called(gateway);
  const auto found = entries_.find({task.row.id, gateway});
  if (found == entries_.end()) {
    const auto refused = refused_.find({task.row.id, gateway});
    const bool tried = refused != refused_.end() && !refused->second.why.empty();
    return "the devices of gateway " + name + " are not grouped yet" +
           (tried ? ": " + refused->second.why : std::string{});
  }
  const auto& entry = found->second;
  const auto& row = entry.row;
  if (round < entry.first_slot || round > entry.last_slot) {
    return "the group of gateway " + name + " has no slot " + std::to_string(round);
  }
  if (row.ready_until <= round) {
    return std::to_string(row.missing.size()) + " of " + std::to_string(row.members.size()) +
           " devices of gateway " + name + " have not prepared slot " +
           std::to_string(row.ready_until) + " yet: " + some_of(row.missing);
  }
  return Prepared{row.hash, row.roster_hash, static_cast<std::uint32_t>(row.members.size())};
}

Result<> GroupDesk::put_readiness(const GatewayId& gateway, const Hash& group_hash,
                                  const std::string& body) {
  v1::GroupReadiness message;
  if (!message.ParseFromString(body)) {
    return Declined{Decline::malformed, "the body is not a GroupReadiness"};
  }
  const auto found = std::ranges::find_if(entries_, [&](const auto& entry) {
    return entry.second.row.hash == group_hash && entry.second.row.gateway == gateway;
  });
  if (found == entries_.end()) {
    return Declined{Decline::unknown,
                    "no group " + group_hash.hex() +
                        " of this gateway counts; GET /v1/gateway/work names them"};
  }
  auto& entry = found->second;
  auto row = entry.row;
  row.missing.clear();
  for (const auto& raw : message.missing()) {
    const auto device = DeviceId::from(raw);
    if (!device || !std::ranges::binary_search(row.members, *device)) {
      return Declined{Decline::unverified, "`missing` names a device that is not a member"};
    }
    row.missing.push_back(*device);
  }
  if (message.group_hash() != group_hash.raw() || message.ready_until() < entry.first_slot) {
    return Declined{Decline::unverified,
                    "group_hash must be that of the path, ready_until at least first_slot"};
  }
  row.ready_until = message.ready_until();
  store_.groups.put_readiness(row);
  entry.row = std::move(row);
  return Done{};
}

}  // namespace tributary::cloud::engine
