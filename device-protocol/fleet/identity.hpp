// The identities of the fleet: DEVICES-DIR/<hex device id>/identity, as the fleet authority wrote
// them.
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "crypto/bytes.hpp"
#include "device-protocol/fleet/broker_session.hpp"
#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct FleetIdentity {
  DeviceId device;
  GatewayId gateway;
  BrokerCredential credential;
  Bytes record;  // the serialized DeviceIdentity: storage record "identity"
};

// Ascending by device id. A fault names the file that is missing or damaged.
Outcome<std::vector<FleetIdentity>> load_identities(const std::filesystem::path& devices_dir);

// Where each gateway's devices connect. Each rule is GATEWAY=HOST:PORT with a gateway's hex id or
// its name (looked up in DEVICES-DIR/../gateways/<name>/gateway.id), or HOST:PORT for all gateways
// without a rule of their own.
class BrokerMap {
 public:
  static Outcome<BrokerMap> parse(const std::vector<std::string>& rules,
                                  const std::filesystem::path& devices_dir);
  const BrokerAddress* find(const GatewayId& gateway) const;  // nullptr: no rule

 private:
  std::map<GatewayId, BrokerAddress> by_gateway_;
  std::vector<BrokerAddress> others_;
};

}  // namespace tributary::fleet
