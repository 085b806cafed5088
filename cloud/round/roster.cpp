#include "cloud/round/roster.hpp"

#include "crypto/hash.hpp"
#include "uplink.pb.h"

namespace tributary::cloud::round {
namespace {

std::variant<DeviceId, std::string> device_of(const v1::CertifiedKey& key,
                                              const GatewayId& gateway) {
  v1::Certificate certificate;
  if (!certificate.ParseFromString(key.certificate().body())) {
    return std::string{"a device certificate does not decode"};
  }
  const auto device = DeviceId::from(certificate.subject_id());
  if (!device || certificate.role() != v1::ROLE_DEVICE) {
    return std::string{"a certificate is not of a device"};
  }
  if (certificate.gateway_id() != gateway.raw()) {
    return "device " + device->hex() + " is enrolled at another gateway";
  }
  return *device;
}

}  // namespace

std::variant<RosterReading, std::string> read_roster(std::string_view bytes) {
  v1::Roster roster;
  if (!roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::string{"the body is not a Roster"};
  }
  const auto gateway = GatewayId::from(roster.gateway_id());
  if (!gateway) return std::string{"gateway_id must be 16 bytes"};
  RosterReading reading{crypto::hash("roster", {view_of(bytes)}), *gateway, {}};
  reading.devices.reserve(static_cast<std::size_t>(roster.devices_size()));
  for (const auto& key : roster.devices()) {
    const auto device = device_of(key, *gateway);
    if (const auto* fault = std::get_if<std::string>(&device)) return *fault;
    const auto& id = std::get<DeviceId>(device);
    if (!reading.devices.empty() && !(reading.devices.back() < id)) {
      return "devices must be strictly ascending by id; " + id.hex() + " is out of order";
    }
    reading.devices.push_back(id);
  }
  return reading;
}

}  // namespace tributary::cloud::round
