#include "gateway/enrolment/claim.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "device-protocol/cpp/claimed_key.hpp"

namespace tributary::gateway::enrolment {
namespace {

constexpr std::uint32_t ask_again_seconds =
    5;  // a person has to approve; the device's own waits grow

Judged refused(v1::ClaimRefusal reason) {
  Judged judged;
  judged.answer.set_state(v1::CLAIM_REFUSED);
  judged.answer.set_reason(reason);
  return judged;
}

bool mac_holds(const BrokerKey& secret, const v1::Claim& claim) {
  auto key = crypto::kdf(secret.expose(), "claim-key", {});
  const auto mac = crypto::mac16(key, "claim", {view_of(claim.request().body())});
  crypto::wipe(key);
  return crypto::equal_constant_time(mac.bytes, view_of(claim.mac()));
}

std::optional<VerifyKey> certified_key(const std::string& certificate) {
  v1::Signed message;
  v1::Certificate body;
  if (!message.ParseFromString(certificate) || !body.ParseFromString(message.body())) return {};
  return VerifyKey::from(std::string_view(body.public_key()));
}

}  // namespace

Judged judge(const DeviceId& device, std::string_view payload, const Standing& standing) {
  v1::Claim claim;
  if (!claim.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
      claim.request().body().size() > 256) {
    return refused(v1::CLAIM_MALFORMED);
  }
  if (standing.revoked) return refused(v1::CLAIM_REVOKED);
  if (standing.claim_secret == nullptr) return refused(v1::CLAIM_NOT_LISTED);
  const auto request = claim.request().SerializeAsString();
  const auto key = wire::claimed_key(device, request);
  if (!key || !mac_holds(*standing.claim_secret, claim)) return refused(v1::CLAIM_BAD_PROOF);
  const auto first = standing.certificate ? certified_key(*standing.certificate)
                     : standing.pending   ? wire::claimed_key(device, *standing.pending)
                                          : std::nullopt;
  if (first && *first != *key) return refused(v1::CLAIM_OTHER_KEY);
  Judged judged;
  if (standing.certificate) {
    if (!first || !judged.answer.mutable_certificate()->ParseFromString(*standing.certificate)) {
      return refused(v1::CLAIM_OTHER_KEY);
    }
    judged.answer.set_state(v1::CLAIM_ACTIVE);
    return judged;
  }
  judged.answer.set_state(v1::CLAIM_PENDING);
  judged.answer.set_retry_after_seconds(ask_again_seconds);
  if (!standing.pending) judged.keep = request;
  return judged;
}

BrokerKey broker_key(const BrokerKey& claim_secret, const DeviceId& device, const VerifyKey& key) {
  auto bytes = crypto::kdf(claim_secret.expose(), "mqtt-psk", {device.view(), key.view()});
  auto result = *BrokerKey::from(ByteView(bytes));
  crypto::wipe(bytes);
  return result;
}

bool ClaimRate::take(const DeviceId& device, std::chrono::milliseconds now) {
  while (!last_second_.empty() && last_second_.front().first + std::chrono::seconds(1) <= now) {
    last_second_.pop_front();
  }
  const auto same = [&](const auto& entry) { return entry.second == device; };
  if (last_second_.size() >= site_per_second || std::ranges::any_of(last_second_, same)) {
    return false;
  }
  last_second_.emplace_back(now, device);
  return true;
}

}  // namespace tributary::gateway::enrolment
