// The fleet authority: issues every identity of a tenant, as the files of cloud/api/README.md. Kept offline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tributary::cli {

// All functions throw CommandFault. `root` is the folder that holds authority/, coordinator/, gateways/, devices/.
void init_authority(const std::filesystem::path& root, const std::string& tenant);

// `helper_run_by`: who runs the coordinator, where it helps gateways too; empty: it does not.
void issue_coordinator(const std::filesystem::path& root, const std::vector<std::string>& hosts,
                       const std::string& helper_run_by = {});

struct GatewayRequest {
  std::string name;    // folder below gateways/
  std::string run_by;  // operator, 1..32 bytes: trust is only split between different ones
  bool helper = false;
  // What devices connect to; localhost: the broker listens on loopback only; empty: there is none, the
  // gateway has no devices and only helps others.
  std::string broker_host;
  std::uint16_t broker_port = 8883;
};
void issue_gateway(const std::filesystem::path& root, const GatewayRequest& request);

struct DeviceRequest {
  std::string gateway;  // name
  std::uint32_t count = 1;
  std::uint32_t n_min = 10;             // floor: the device refuses rounds below it
  float clip_l2_cap = 0;                // 0: none
  bool trust_gateway = false;           // takes part where its gateway sees its updates
  float noise_floor = 0;                // refuses rounds with a lower noise multiplier; 0: none
  float device_noise_floor = 0;         // refuses rounds with a lower device_noise; 0: none
  std::uint64_t participation_cap = 0;  // contributions in its life; 0: none
};
// Returns the hex ids.
std::vector<std::string> issue_devices(const std::filesystem::path& root,
                                       const DeviceRequest& request);

// Claims for devices that make their own keys (PROTOCOL.md 12): listed at the gateway, each once. The hex ids.
std::vector<std::string> issue_claims(const std::filesystem::path& root,
                                      const DeviceRequest& request);
// Certifies what devices of the gateway have claimed with, where the claim is one of this authority's and was not
// used; only `ids` unless empty. Returns whom.
std::vector<std::string> approve_claims(const std::filesystem::path& root,
                                        const std::string& gateway,
                                        const std::vector<std::string>& ids);

}  // namespace tributary::cli
