// The fleet authority of a simulated world, and the credentials it gives out. Keys survive every crash.
#pragma once

#include "cloud/engine/identity.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/helper/helper_role.hpp"

namespace tributary::sim {

constexpr const char* tenant = "plant";
constexpr std::uint64_t far_future = 4'000'000'000;

struct GatewayKeys {
  GatewayId id;
  HelperId helper;
  std::string operated_by;
  crypto::SigningKey key = crypto::SigningKey::random();
  crypto::SigningKey helper_key = crypto::SigningKey::random();
};

struct DeviceKeys {
  DeviceId id;
  GatewayId gateway;
  crypto::SigningKey key = crypto::SigningKey::random();
};

class Authority {
 public:
  struct Floors {
    std::uint32_t n_min = 2;
    bool trust_gateway = false;
  };

  v1::Signed certificate(ByteView id, v1::Role role, const crypto::SigningKey& key,
                         const std::string& operated_by, const GatewayId* enrolled_at) const;
  v1::Signed certificate(const DeviceKeys& device) const;
  // A certified epoch key with the secret `epoch` of anybody who has a certificate.
  v1::CertifiedKey certified(const DeviceKeys& device, const crypto::ExchangeSecret& epoch) const;

  std::string device_identity(const DeviceKeys& device, const Floors& floors) const;
  gateway::engine::Identity gateway_identity(const GatewayKeys& gateway) const;
  gateway::helper::Identity helper_identity(const GatewayKeys& gateway) const;
  cloud::engine::Identity coordinator_identity() const;
  const crypto::SigningKey& coordinator_key() const { return coordinator_; }
  const crypto::ExchangeSecret& combiner() const { return combiner_; }
  // Raw bytes of every signing key, for the search of logs and files.
  std::vector<std::string> secrets() const;

 private:
  crypto::SigningKey authority_ = crypto::SigningKey::random();
  crypto::SigningKey coordinator_ = crypto::SigningKey::random();
  crypto::ExchangeSecret combiner_ = crypto::ExchangeSecret::random();
};

}  // namespace tributary::sim
