#include "gateway/engine/membership.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "device-protocol/cpp/certificate.hpp"
#include "device-protocol/cpp/signed.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::uint32_t oldest_protocol = 1;

std::uint64_t unix_seconds(std::chrono::sys_seconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

Hash epoch_key_hash(const v1::CertifiedKey& key) {
  return wire::body_hash("epoch-key", key.epoch_key().body());
}

// Of certificate and epoch key, the earlier. Both have been verified.
std::uint64_t end_of_life(const v1::CertifiedKey& key) {
  v1::Certificate certificate;
  v1::EpochKey epoch;
  certificate.ParseFromString(key.certificate().body());
  epoch.ParseFromString(key.epoch_key().body());
  return std::min(certificate.not_after(), epoch.not_after());
}

std::set<DeviceId> files_in(const std::filesystem::path& folder, std::string_view extension) {
  std::set<DeviceId> devices;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != extension) continue;
    if (const auto id = DeviceId::from_hex(entry.path().stem().string())) devices.insert(*id);
  }
  return devices;
}

}  // namespace

Membership::Membership(const Identity& identity, std::filesystem::path allow_list,
                       const std::vector<StoredDevice>& stored)
    : identity_(identity), folder_(std::move(allow_list)) {
  for (const auto& device : stored) {
    v1::CertifiedKey key;
    if (key.ParseFromString(device.certified_key)) enter(device.device, key);
  }
}

Membership::Refreshed Membership::refresh() {
  const auto changed_at = std::filesystem::last_write_time(folder_);
  if (changed_at == listed_at_) return {};
  auto now_listed = files_in(folder_, ".cert");
  // A change within the resolution of the file system's clock would not show: look once more then.
  const auto age = std::filesystem::file_time_type::clock::now() - changed_at;
  listed_at_ = age > std::chrono::seconds(2) ? changed_at : std::filesystem::file_time_type{};
  Refreshed result;
  result.listed_changed = now_listed != allowed_;
  std::set<DeviceId> gone = allowed_;
  for (const auto& [device, member] : members_) gone.insert(device);
  std::erase_if(gone, [&](const DeviceId& device) { return now_listed.contains(device); });
  allowed_ = std::move(now_listed);
  for (const auto& device : gone) {
    members_.erase(device);
    revoked_.insert(device);
    result.left.push_back(device);
  }
  for (const auto& device : files_in(folder_, ".revoked")) revoked_.insert(device);
  std::erase_if(revoked_, [&](const DeviceId& device) { return allowed_.contains(device); });
  return result;
}

std::string Membership::revoke(const DeviceId& device) {
  std::error_code error;
  const auto certificate = folder_ / (device.hex() + ".cert");
  std::filesystem::rename(certificate, folder_ / (device.hex() + ".revoked"), error);
  return error ? certificate.string() + ": " + error.message() : std::string();
}

bool Membership::enrolled_with(const DeviceId& device, const v1::Signed& certificate) const {
  std::ifstream file(folder_ / (device.hex() + ".cert"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  v1::Signed enrolled;
  return file && enrolled.ParseFromString(bytes) && enrolled.body() == certificate.body();
}

std::variant<Membership::Accepted, v1::RejectReason> Membership::judge(
    const DeviceId& device, const v1::Hello& hello, std::chrono::sys_seconds now) const {
  if (!allowed_.contains(device)) {
    return revoked_.contains(device) ? v1::REJECT_REVOKED : v1::REJECT_UNKNOWN_DEVICE;
  }
  if (hello.protocol_version() < oldest_protocol) return v1::REJECT_VERSION;
  const Hash hash = epoch_key_hash(hello.key());
  const auto member = members_.find(device);
  if (member != members_.end() && member->second.epoch_key_hash == hash &&
      member->second.key.certificate().body() == hello.key().certificate().body()) {
    return Accepted{hash, false};
  }
  const auto verified = wire::verify_certified_key(
      hello.key(), {identity_.authority, identity_.tenant, v1::ROLE_DEVICE, unix_seconds(now)});
  const auto* key = std::get_if<wire::VerifiedKey>(&verified);
  if (key == nullptr || key->certificate.subject != device.bytes ||
      key->certificate.gateway != identity_.id.bytes ||
      !enrolled_with(device, hello.key().certificate())) {
    return v1::REJECT_BAD_CERTIFICATE;
  }
  return Accepted{hash, true};
}

void Membership::enter(const DeviceId& device, const v1::CertifiedKey& key) {
  revoked_.erase(device);
  members_.insert_or_assign(device, Member{key, epoch_key_hash(key), end_of_life(key)});
}

v1::RejectReason Membership::refusal(const DeviceId& device) const {
  if (members_.contains(device)) return v1::REJECT_REASON_UNSPECIFIED;
  return revoked_.contains(device) ? v1::REJECT_REVOKED : v1::REJECT_UNKNOWN_DEVICE;
}

std::string Membership::roster(std::chrono::sys_seconds now) const {
  v1::Roster roster;
  roster.set_gateway_id(identity_.id.raw());
  for (const auto& [device, member] : members_) {
    if (member.not_after > unix_seconds(now)) *roster.add_devices() = member.key;
  }
  return roster.SerializeAsString();
}

std::optional<std::map<DeviceId, ExchangeKey>> roster_keys(std::string_view bytes) {
  v1::Roster roster;
  if (!roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  std::map<DeviceId, ExchangeKey> keys;
  for (const auto& device : roster.devices()) {
    v1::EpochKey epoch;
    if (!epoch.ParseFromString(device.epoch_key().body())) return std::nullopt;
    const auto id = DeviceId::from(epoch.subject_id());
    const auto key = ExchangeKey::from(epoch.public_key());
    if (!id || !key) return std::nullopt;
    keys.emplace(*id, *key);
  }
  return keys;
}

}  // namespace tributary::gateway::engine
