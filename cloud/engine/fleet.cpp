#include "cloud/engine/fleet.hpp"

#include <algorithm>

#include "cloud/round/roster.hpp"

namespace tributary::cloud::engine {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_version = 64;
constexpr std::chrono::minutes seen_step{1};

Declined malformed(std::string text) {
  return {Decline::malformed, std::move(text)};
}
Declined unverified(std::string text) {
  return {Decline::unverified, std::move(text)};
}

bool plain_text(std::string_view text, std::size_t longest) {
  return text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

HelperId helper_id(const round::CertifiedParty& party) {
  return HelperId{party.id};
}

Fleet::Fleet(store::Store& store, round::FleetAuthority authority, const World& world)
    : store_(store),
      authority_(std::move(authority)),
      world_(world),
      started_at_(world.now()),
      rosters_changed_at_(world.now()) {
  for (const auto& row : store_.gateways.all()) {
    auto checked = verified(row.id, row.keys);
    if (const auto* declined = std::get_if<Declined>(&checked)) {
      world_.say(Severity::warning, "gateway_left_out",
                 {{"gateway", row.id.hex()}, {"reason", declined->text}});
      continue;
    }
    auto& member = std::get<Member>(checked);
    member.last_seen = row.last_seen;
    const auto roster = row.roster_hash ? store_.gateways.roster(*row.roster_hash) : std::nullopt;
    if (roster) {
      member.roster_hash = roster->hash;
      member.roster_size = roster->size;
    }
    stored_seen_[row.id] = row.last_seen;
    members_.emplace(row.id, std::move(member));
  }
}

std::uint64_t Fleet::unix_seconds() const {
  return static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(world_.now()).time_since_epoch().count());
}

Result<Member> Fleet::verified(const GatewayId& gateway, const std::string& body) const {
  Member member{};
  member.id = gateway;
  if (!member.keys.ParseFromString(body)) return malformed("the body is not GatewayKeys");
  auto own =
      round::verify_party(member.keys.gateway(), v1::ROLE_GATEWAY, authority_, unix_seconds());
  if (const auto* fault = std::get_if<std::string>(&own)) return unverified(*fault);
  member.gateway = std::get<round::CertifiedParty>(own);
  if (member.gateway.id != gateway.bytes) {
    return unverified("the keys are of another gateway than the TLS client certificate " +
                      gateway.hex());
  }
  if (member.keys.has_helper()) {
    auto helper =
        round::verify_party(member.keys.helper(), v1::ROLE_HELPER, authority_, unix_seconds());
    if (const auto* fault = std::get_if<std::string>(&helper)) return unverified(*fault);
    member.helper = std::get<round::CertifiedParty>(helper);
  }
  if (!plain_text(member.keys.name(), longest_name) ||
      !plain_text(member.keys.version(), longest_version)) {
    return unverified("name and version must be at most 64 printable ASCII characters");
  }
  member.name = member.keys.name().empty() ? gateway.hex().substr(0, 8) : member.keys.name();
  member.version = member.keys.version();
  return member;
}

Result<Fleet::KeysKept> Fleet::put_keys(const GatewayId& gateway, const std::string& body) {
  auto checked = verified(gateway, body);
  if (auto* declined = std::get_if<Declined>(&checked)) return std::move(*declined);
  auto& member = std::get<Member>(checked);
  if (member.helper) {
    const auto* owner = find_helper(helper_id(*member.helper));
    if (owner != nullptr && owner->id != gateway) {
      return Declined{Decline::conflict, "the helper key belongs to gateway " + owner->id.hex()};
    }
  }
  const auto known = members_.find(gateway);
  member.last_seen = world_.now();
  if (known != members_.end() && known->second.keys.SerializeAsString() == body) {
    known->second.last_seen = member.last_seen;
    return KeysKept{false};
  }
  if (known != members_.end()) {
    member.roster_hash = known->second.roster_hash;
    member.roster_size = known->second.roster_size;
  }
  store_.gateways.put_keys({gateway, member.name, member.version, body, {}, member.last_seen});
  stored_seen_[gateway] = member.last_seen;
  world_.say(Severity::info, "gateway_keys",
             {{"gateway", gateway.hex()},
              {"name", member.name},
              {"operator", member.gateway.operated_by},
              {"helper", member.helper ? helper_id(*member.helper).hex() : std::string{"none"}}});
  members_.insert_or_assign(gateway, std::move(member));
  return KeysKept{true};
}

Result<Hash> Fleet::put_roster(const GatewayId& gateway, const std::string& body) {
  const auto known = members_.find(gateway);
  if (known == members_.end()) {
    return Declined{Decline::conflict,
                    "no keys of this gateway are known; PUT /v1/gateway/keys first"};
  }
  auto read = round::read_roster(body);
  if (const auto* fault = std::get_if<std::string>(&read)) return unverified(*fault);
  const auto& roster = std::get<round::RosterReading>(read);
  if (roster.gateway != gateway) return unverified("the roster is of another gateway");
  auto& member = known->second;
  if (member.roster_hash == roster.hash) return roster.hash;
  const auto size = static_cast<std::uint32_t>(roster.devices.size());
  store_.gateways.put_roster({roster.hash, gateway, size, body});
  member.roster_hash = roster.hash;
  member.roster_size = size;
  rosters_changed_at_ = world_.now();
  world_.say(Severity::info, "roster",
             {{"gateway", gateway.hex()}, {"name", member.name}, {"devices", size}});
  return roster.hash;
}

Result<GatewayId> Fleet::adopt_own_helper(const v1::CertifiedKey& key) {
  auto checked = round::verify_party(key, v1::ROLE_HELPER, authority_, unix_seconds());
  if (const auto* fault = std::get_if<std::string>(&checked)) return unverified(*fault);
  Member own{};
  own.helper = std::move(std::get<round::CertifiedParty>(checked));
  own.id = GatewayId{own.helper->id};
  own.name = "the coordinator";
  *own.keys.mutable_helper() = key;
  own_ = std::move(own);
  return own_->id;
}

std::optional<HelperId> Fleet::own_helper() const {
  if (!own_) return std::nullopt;
  return helper_id(*own_->helper);
}

void Fleet::seen(const GatewayId& gateway) {
  const auto known = members_.find(gateway);
  if (known == members_.end()) return;
  const auto now = world_.now();
  known->second.last_seen = now;
  if (now - stored_seen_[gateway] < seen_step) return;
  store_.gateways.put_last_seen(gateway, now);
  stored_seen_[gateway] = now;
}

const Member* Fleet::find(const GatewayId& gateway) const {
  if (own_ && own_->id == gateway) return &*own_;
  const auto known = members_.find(gateway);
  return known == members_.end() ? nullptr : &known->second;
}

const Member* Fleet::find_helper(const HelperId& helper) const {
  if (own_ && own_->helper->id == helper.bytes) return &*own_;
  for (const auto& [id, member] : members_) {
    if (member.helper && member.helper->id == helper.bytes) return &member;
  }
  return nullptr;
}

std::optional<GatewayId> Fleet::by_name(std::string_view name) const {
  for (const auto& [id, member] : members_) {
    if (member.name == name) return id;
  }
  return std::nullopt;
}

bool Fleet::is_down(const GatewayId& gateway) const {
  const auto* member = find(gateway);
  if (member == nullptr || (own_ && own_->id == gateway)) return false;
  // After a restart everybody gets time to come back before silence means anything.
  return world_.now() - std::max(member->last_seen, started_at_) > patience;
}

std::vector<DeviceId> Fleet::devices_of(const Hash& roster_hash) const {
  const auto roster = store_.gateways.roster(roster_hash);
  if (!roster) return {};
  auto read = round::read_roster(roster->content);
  auto* reading = std::get_if<round::RosterReading>(&read);
  return reading ? std::move(reading->devices) : std::vector<DeviceId>{};
}

std::string Fleet::called(const GatewayId& gateway) const {
  const auto* member = find(gateway);
  return member ? member->name : gateway.hex();
}

}  // namespace tributary::cloud::engine
