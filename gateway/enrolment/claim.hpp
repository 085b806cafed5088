// What becomes of a claim (PROTOCOL.md 12). Pure: what is known of the device is given.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "gateway/enrolment/broker_texts.hpp"
#include "tributary.pb.h"

namespace tributary::gateway::enrolment {

// What the gateway knows of a device that claims.
struct Standing {
  bool revoked = false;
  const BrokerKey* claim_secret = nullptr;  // nullptr: not listed, or its claim has been used
  std::optional<std::string> pending;       // the Signed ClaimRequest that was kept
  std::optional<std::string> certificate;   // the Signed Certificate, once there is one
};

struct Judged {
  v1::ClaimAnswer answer;
  std::optional<std::string> keep;  // a Signed ClaimRequest to keep durably before the answer
};
Judged judge(const DeviceId& device, std::string_view payload, const Standing& standing);

// A device's broker key, from its claim secret and the key it claimed with.
BrokerKey broker_key(const BrokerKey& claim_secret, const DeviceId& device, const VerifyKey& key);

// At most one claim a second is answered to a device, and 20 to a site.
class ClaimRate {
 public:
  static constexpr std::size_t site_per_second = 20;
  // False: this one is passed over in silence.
  bool take(const DeviceId& device, std::chrono::milliseconds now);

 private:
  std::deque<std::pair<std::chrono::milliseconds, DeviceId>> last_second_;
};

}  // namespace tributary::gateway::enrolment
