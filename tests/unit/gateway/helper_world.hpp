// A small fleet as one helper sees it: an authority, a coordinator, two peer gateways with devices,
// and requests that are right unless a test bends them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>

#include "crypto/ring.hpp"
#include "crypto/upload.hpp"
#include "gateway/helper/helper_role.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::helper::test {

inline constexpr UnixTime now{std::chrono::seconds{1'800'000'000}};
inline constexpr std::uint32_t parameters = 20;
inline constexpr std::uint32_t canaries = 4;
inline constexpr std::size_t words = parameters + 3 + canaries;
inline constexpr const char* tenant = "plant";

template <class Id>
Id id_of(std::uint8_t first, std::uint8_t last = 1) {
  Id id{};
  id.bytes.front() = first;
  id.bytes.back() = last;
  return id;
}
DeviceId device_id(std::uint16_t number);  // ascending as the numbers are
std::uint64_t seconds(UnixTime time);

class Folder {
 public:
  Folder();
  ~Folder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Keys of a server or device, certified.
struct Party {
  crypto::SigningKey key;
  v1::Signed certificate;
};

struct Device {
  DeviceId id;
  Party party;
  crypto::ExchangeSecret secret;
  v1::CertifiedKey certified;
};

// One device's upload as helper and gateway see it.
struct Upload {
  crypto::SurvivorEntry entry;
  Ticket ticket;
  Bytes mask;
};

struct World {
  explicit World(std::uint16_t devices = 5);

  // Devices 0..n-1 are enrolled at `gateway`; `stranger` is certified for the other gateway.
  GatewayId gateway = id_of<GatewayId>(0xA0);
  GatewayId other_gateway = id_of<GatewayId>(0xA1);
  HelperId helper = id_of<HelperId>(0xB0);
  TaskId task = id_of<TaskId>(0xC0);
  crypto::SigningKey authority = crypto::SigningKey::random();
  crypto::SigningKey coordinator = crypto::SigningKey::random();
  crypto::ExchangeSecret combiner = crypto::ExchangeSecret::random();
  Party gateway_party;
  Party other_party;
  Party helper_party;
  std::vector<Device> devices;
  v1::Roster roster;
  Folder folder;
  std::unique_ptr<HelperRole> role;

  using Bend = std::function<void(v1::Certificate&)>;
  Party party(v1::Role kind, ByteView id, const GatewayId* enrolled = nullptr,
              const Bend& bend = {}) const;
  Device device(std::uint16_t number, const GatewayId& enrolled, const Bend& bend = {}) const;
  void enrol(Device device);                          // appends to devices and roster
  void start(Limits limits = {}, UnixTime at = now);  // (re)opens the role on the folder
  v1::CertifiedKey gateway_key(const GatewayId& id) const;

  // A context of round 1 for the current roster and helper epoch.
  v1::RoundContext context(std::uint64_t round = 1) const;
  Upload upload(const Device& device, const std::string& context_bytes) const;
  // A request for devices[i], i in `who`, in the order given; signed by coordinator and gateway.
  v1::SumRequest request(const v1::RoundContext& context,
                         const std::vector<std::size_t>& who) const;
  void sign_request(v1::SumRequest& request) const;
  std::vector<std::size_t> everybody() const;

  Decision ask(const v1::SumRequest& request, UnixTime at = now,
               const std::set<DeviceId>& revoked = {}) const;
  // answer, run, finish: the MaskSum's bytes; fails the test on any other outcome.
  std::string answer(const v1::SumRequest& request, UnixTime at = now) const;
  v1::HelperRefusal refusal(const v1::SumRequest& request, UnixTime at = now,
                            const std::set<DeviceId>& revoked = {}) const;  // UNSPECIFIED: a Job
  // Device ids of the last refusal are checked to be exactly these.
  bool blames(const v1::SumRequest& request, const std::vector<DeviceId>& ids,
              const std::set<DeviceId>& revoked = {}) const;
  Bytes open_sum(const std::string& mask_sum) const;
  // What the sum must be: the devices' own masks added.
  Bytes expected_sum(const v1::SumRequest& request, const std::vector<std::size_t>& who) const;
};

v1::Signed signed_by(const crypto::SigningKey& key, std::string_view label, std::string body);

}  // namespace tributary::gateway::helper::test
