#include "gateway/engine/refusals.hpp"

#include <algorithm>

#include "crypto/upload.hpp"
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

// What the helpers name in their refusals; of a wider scope with this gateway's survivors in it.
struct AskedFor {
  Hash ctx_hash;
  std::optional<Hash> own_survivors = {};
};

std::optional<AskedFor> question_of(const v1::Drop& drop) {
  const auto own = Hash::from(drop.ctx_hash());
  if (!own) return std::nullopt;
  if (drop.joint().empty()) return AskedFor{*own};
  std::vector<crypto::JointLeaf> leaves;
  std::optional<Hash> survivors;
  for (const auto& raw : drop.joint()) {
    if (raw.size() != 2 * Hash::size) return std::nullopt;
    leaves.push_back(
        {*Hash::from(view_of(raw).first(Hash::size)), *Hash::from(view_of(raw).last(Hash::size))});
    if (leaves.back().ctx_hash == *own) survivors = leaves.back().survivors_hash;
  }
  if (!survivors) return std::nullopt;
  return AskedFor{crypto::joint_hash(leaves), survivors};
}

}  // namespace

std::vector<round::DevicesDropped> verified_refusals(const Identity& identity, const v1::Drop& drop,
                                                     const wire::Context& context,
                                                     const v1::SiteKeys& helper_keys) {
  const auto& helpers = context.helpers;
  const bool wide = context.scope_id.has_value();
  std::vector<round::DevicesDropped> events;
  const auto about = question_of(drop);
  if (!about || about->own_survivors.has_value() != wide) return events;
  for (const auto& refusal : drop.refusals()) {
    const auto helper = HelperId::from(refusal.helper_id());
    const auto survivors = Hash::from(refusal.survivors_hash());
    const auto signature = Signature::from(refusal.signature());
    if (!helper || !survivors || !signature || !names_devices(refusal.reason())) continue;
    if (refusal.ctx_hash() != about->ctx_hash.raw()) continue;
    if (wide && *survivors != about->ctx_hash) continue;
    if (std::ranges::find(helpers, *helper, &wire::HelperEpoch::helper) == helpers.end()) continue;
    const auto key = key_of(identity, *helper, helper_keys);
    if (!key || !crypto::verify(*key, "mask-refusal", statement_of(refusal), *signature)) continue;
    const auto own = about->own_survivors.value_or(*survivors);
    auto event = std::ranges::find(events, own, &round::DevicesDropped::survivors_hash);
    if (event == events.end()) event = events.insert(events.end(), {own, {}});
    for (const auto& raw : refusal.device_ids()) {
      if (const auto id = DeviceId::from(raw)) event->devices.push_back(*id);
    }
  }
  return events;
}

}  // namespace tributary::gateway::engine
