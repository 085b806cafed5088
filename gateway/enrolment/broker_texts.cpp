#include "gateway/enrolment/broker_texts.hpp"

namespace tributary::gateway::enrolment {
namespace {

constexpr std::string_view first_rule = "user gateway\ntopic readwrite tributary/v1/#\n";

std::string line(const std::string& name, const BrokerKey& key) {
  return name + ":" + to_hex(key.expose()) + "\n";
}

std::string claim_name(const DeviceId& device) {
  return std::string(claim_user) + device.hex();
}

}  // namespace

std::optional<BrokerKey> read_key(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  auto bytes = from_hex(text);
  auto key = bytes ? BrokerKey::from(ByteView(*bytes)) : std::nullopt;
  if (bytes) crypto::wipe(*bytes);
  return key;
}

std::string psk_text(const BrokerNames& names) {
  std::string text;
  for (const auto& [name, key] : names.people) text += line(name, key);
  for (const auto& [device, key] : names.devices) text += line(device.hex(), key);
  for (const auto& [device, key] : names.claims) text += line(claim_name(device), key);
  for (const auto& [device, key] : names.closing) text += line(device.hex(), key);
  return text;
}

std::optional<std::string> acl_text(std::string_view shipped, const BrokerNames& names) {
  if (shipped.find(first_rule) == std::string_view::npos) return std::nullopt;
  std::string text(shipped);
  if (!text.ends_with('\n')) text += '\n';
  for (const auto& [device, key] : names.claims) {
    text += "user " + claim_name(device) +
            "\ntopic deny tributary/v1/site/#\ntopic deny tributary/v1/device/#\n";
  }
  for (const auto& device : names.revoked) {
    text += "user " + device.hex() + "\ntopic deny #\n";
  }
  return text;
}

std::map<DeviceId, BrokerKey> keys_in(std::string_view psk) {
  std::map<DeviceId, BrokerKey> keys;
  while (!psk.empty()) {
    const auto end = psk.find('\n');
    const auto row = psk.substr(0, end);
    psk.remove_prefix(end == std::string_view::npos ? psk.size() : end + 1);
    const auto colon = row.find(':');
    if (colon == std::string_view::npos) return {};
    const auto device = DeviceId::from_hex(row.substr(0, colon));
    auto key = read_key(row.substr(colon + 1));
    if (!key) return {};
    if (device) keys.emplace(*device, std::move(*key));
  }
  return keys;
}

}  // namespace tributary::gateway::enrolment
