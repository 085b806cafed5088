#include "device-protocol/fleet/identity.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "tributary.pb.h"

namespace tributary::fleet {
namespace {

Outcome<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Fault{path.string() + ": cannot be read"};
  return {boost::system::in_place_value, std::move(content)};
}

Outcome<FleetIdentity> load_identity(const std::filesystem::path& path) {
  const auto content = read_file(path);
  if (!content) return content.error();
  v1::DeviceIdentity message;
  const auto parsed = message.ParseFromString(*content);
  const auto device = DeviceId::from(std::string_view(message.device_id()));
  const auto gateway = GatewayId::from(std::string_view(message.gateway_id()));
  if (!parsed || !device || !gateway || message.mqtt_psk().size() != 32) {
    return Fault{path.string() +
                 ": not a device identity; write it with 'tributary authority device'"};
  }
  FleetIdentity identity{
      *device, *gateway, {device->hex(), {}}, {content->begin(), content->end()}};
  std::copy(message.mqtt_psk().begin(), message.mqtt_psk().end(), identity.credential.psk.begin());
  return identity;
}

std::optional<BrokerAddress> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  return BrokerAddress{text.substr(0, colon), text.substr(colon + 1)};
}

Outcome<GatewayId> find_gateway(const std::string& name, const std::filesystem::path& devices_dir) {
  if (const auto id = GatewayId::from_hex(name)) return *id;
  const auto path = std::filesystem::absolute(devices_dir / ".").parent_path().parent_path() /
                    "gateways" / name / "gateway.id";
  auto content = read_file(path);
  if (!content)
    return Fault{"--broker " + name + ": neither a gateway's hex id nor is there " + path.string()};
  content->erase(content->find_last_not_of(" \r\n") + 1);
  if (const auto id = GatewayId::from_hex(*content)) return *id;
  return Fault{path.string() + ": not a gateway id"};
}

}  // namespace

Outcome<std::vector<FleetIdentity>> load_identities(const std::filesystem::path& devices_dir) {
  std::error_code error;
  std::vector<FleetIdentity> identities;
  for (const auto& entry : std::filesystem::directory_iterator(devices_dir, error)) {
    if (!entry.is_directory()) continue;
    auto identity = load_identity(entry.path() / "identity");
    if (!identity) return identity.error();
    identities.push_back(std::move(*identity));
  }
  if (error) return Fault{devices_dir.string() + ": cannot be listed: " + error.message()};
  if (identities.empty()) {
    return Fault{devices_dir.string() +
                 ": no devices; make some with 'tributary authority device'"};
  }
  std::sort(identities.begin(), identities.end(),
            [](const FleetIdentity& a, const FleetIdentity& b) { return a.device < b.device; });
  return identities;
}

Outcome<BrokerMap> BrokerMap::parse(const std::vector<std::string>& rules,
                                    const std::filesystem::path& devices_dir) {
  BrokerMap map;
  for (const auto& rule : rules) {
    const auto equals = rule.find('=');
    const auto address =
        parse_address(equals == std::string::npos ? rule : rule.substr(equals + 1));
    if (!address) return Fault{"--broker " + rule + ": give GATEWAY=HOST:PORT"};
    if (equals == std::string::npos) {
      map.others_.assign(1, *address);
      continue;
    }
    const auto gateway = find_gateway(rule.substr(0, equals), devices_dir);
    if (!gateway) return gateway.error();
    map.by_gateway_[*gateway] = *address;
  }
  return map;
}

const BrokerAddress* BrokerMap::find(const GatewayId& gateway) const {
  const auto found = by_gateway_.find(gateway);
  if (found != by_gateway_.end()) return &found->second;
  return others_.empty() ? nullptr : &others_.front();
}

}  // namespace tributary::fleet
