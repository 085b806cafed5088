// Claims: devices that make their own keys (PROTOCOL.md 12).
#include <algorithm>

#include "cloud/cli/authority.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/issuing.hpp"
#include "device-protocol/cpp/claimed_key.hpp"

namespace tributary::cli {
namespace {

namespace fs = std::filesystem;

v1::ClaimIdentity claim_of(const Authority& authority, const KnownGateway& gateway,
                           const DeviceRequest& request) {
  v1::ClaimIdentity claim;
  claim.set_tenant(authority.tenant);
  claim.set_device_id(random_bytes(16));
  claim.set_gateway_id(gateway.id.raw());
  claim.set_claim_secret(random_bytes(32));
  claim.set_authority_key(crypto::verify_key(authority.key).raw());
  claim.set_coordinator_key(gateway.coordinator.raw());
  claim.set_n_min_floor(request.n_min);
  claim.set_clip_l2_cap(request.clip_l2_cap);
  claim.set_trust_gateway(request.trust_gateway);
  claim.set_noise_floor(request.noise_floor);
  claim.set_participation_cap(request.participation_cap);
  claim.set_device_noise_floor(request.device_noise_floor);
  return claim;
}

// Certifies one claim, once: the authority's own list forgets it. Empty: it is not on that list.
std::string approve(const fs::path& root, const Authority& authority, const KnownGateway& gateway,
                    const DeviceId& device) {
  const fs::path listed = root / "authority/claims" / device.hex();
  if (!fs::exists(listed) || read_line(listed) != gateway.id.hex()) return {};
  const auto key =
      wire::claimed_key(device, read_file(gateway.folder / "claims" / (device.hex() + ".pending")));
  if (!key) {
    throw CommandFault("the request of " + device.hex() +
                       " is damaged; take its .pending file away and let the device claim again");
  }
  const auto certificate =
      certify(authority, {v1::ROLE_DEVICE, device.raw(), gateway.id.raw(), ""}, *key);
  write_new(gateway.folder / "devices" / (device.hex() + ".cert"), certificate.SerializeAsString(),
            Secrecy::open);
  fs::remove(listed);
  return device.hex();
}

std::vector<DeviceId> pending_at(const KnownGateway& gateway) {
  std::vector<DeviceId> devices;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(gateway.folder / "claims", error)) {
    const auto device = DeviceId::from_hex(entry.path().stem().string());
    const auto certificate = gateway.folder / "devices" / (entry.path().stem().string() + ".cert");
    if (device && entry.path().extension() == ".pending" && !fs::exists(certificate)) {
      devices.push_back(*device);
    }
  }
  return devices;
}

}  // namespace

std::vector<std::string> issue_claims(const fs::path& root, const DeviceRequest& request) {
  const Authority authority = open_authority(root);
  const KnownGateway gateway = open_gateway(root, request.gateway);
  std::vector<std::string> ids;
  make_folder(root / "authority/claims");
  make_folder(gateway.folder / "claims");
  for (std::uint32_t i = 0; i < request.count; ++i) {
    const auto claim = claim_of(authority, gateway, request);
    const std::string hex = to_hex(view_of(claim.device_id()));
    make_folder(root / "claims" / hex);
    write_new(root / "claims" / hex / "claim", claim.SerializeAsString(), Secrecy::secret);
    write_new(root / "authority/claims" / hex, gateway.id.hex() + "\n", Secrecy::secret);
    write_new(gateway.folder / "claims" / (hex + ".claim"), hex_line(claim.claim_secret()),
              Secrecy::secret);
    ids.push_back(hex);
  }
  return ids;
}

std::vector<std::string> approve_claims(const fs::path& root, const std::string& gateway_name,
                                        const std::vector<std::string>& ids) {
  const Authority authority = open_authority(root);
  const KnownGateway gateway = open_gateway(root, gateway_name);
  std::vector<std::string> approved;
  for (const auto& device : pending_at(gateway)) {
    if (!ids.empty() && std::ranges::find(ids, device.hex()) == ids.end()) continue;
    const auto done = approve(root, authority, gateway, device);
    if (!done.empty()) approved.push_back(done);
  }
  return approved;
}

}  // namespace tributary::cli
