#include "gateway/engine/refusals.hpp"

#include <algorithm>

#include "device-protocol/cpp/certificate.hpp"

namespace tributary::gateway::engine {
namespace {

bool names_devices(v1::HelperRefusal reason) {
  return reason == v1::HELPER_REFUSAL_BAD_DEVICE || reason == v1::HELPER_REFUSAL_BAD_TICKET ||
         reason == v1::HELPER_REFUSAL_DEVICE_TWICE;
}

// Expiry is not looked at: what was signed in time stays true.
std::optional<VerifyKey> key_of(const Identity& identity, const HelperId& helper,
                                const v1::SiteKeys& helper_keys) {
  for (const auto& key : helper_keys.keys()) {
    const auto verified = wire::verify_certificate(
        key.certificate(), {identity.authority, identity.tenant, v1::ROLE_HELPER, 0});
    const auto* certificate = std::get_if<wire::VerifiedCertificate>(&verified);
    if (certificate != nullptr && certificate->subject == helper.bytes) return certificate->key;
  }
  return std::nullopt;
}

// H(.., ctx_hash, survivors_hash, helper_id, u32le reason, ids..)
Hash statement_of(const v1::MaskRefusal& refusal) {
  crypto::PartHasher hasher("mask-refusal");
  hasher.part(view_of(refusal.ctx_hash()));
  hasher.part(view_of(refusal.survivors_hash()));
  hasher.part(view_of(refusal.helper_id()));
  hasher.part(crypto::le32(static_cast<std::uint32_t>(refusal.reason())));
  for (const auto& id : refusal.device_ids()) hasher.part(view_of(id));
  return hasher.finish();
}

}  // namespace

std::vector<round::DevicesDropped> verified_refusals(const Identity& identity, const v1::Drop& drop,
                                                     std::span<const wire::HelperEpoch> helpers,
                                                     const v1::SiteKeys& helper_keys) {
  std::vector<round::DevicesDropped> events;
  for (const auto& refusal : drop.refusals()) {
    const auto helper = HelperId::from(refusal.helper_id());
    const auto survivors = Hash::from(refusal.survivors_hash());
    const auto signature = Signature::from(refusal.signature());
    if (!helper || !survivors || !signature || !names_devices(refusal.reason())) continue;
    if (refusal.ctx_hash() != drop.ctx_hash()) continue;
    if (std::ranges::find(helpers, *helper, &wire::HelperEpoch::helper) == helpers.end()) continue;
    const auto key = key_of(identity, *helper, helper_keys);
    if (!key || !crypto::verify(*key, "mask-refusal", statement_of(refusal), *signature)) continue;
    auto event = std::ranges::find(events, *survivors, &round::DevicesDropped::survivors_hash);
    if (event == events.end()) event = events.insert(events.end(), {*survivors, {}});
    for (const auto& raw : refusal.device_ids()) {
      if (const auto id = DeviceId::from(raw)) event->devices.push_back(*id);
    }
  }
  return events;
}

}  // namespace tributary::gateway::engine
