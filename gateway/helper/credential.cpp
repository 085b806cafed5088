#include "gateway/helper/credential.hpp"

namespace tributary::gateway::helper {
namespace {

constexpr int id_size = 16;

bool signed_by(const VerifyKey& key, std::string_view label, const v1::Signed& message) {
  const auto signature = Signature::from(message.signature());
  return signature &&
         crypto::verify(key, label, crypto::hash(label, {view_of(message.body())}), *signature);
}

}  // namespace

std::optional<v1::Certificate> certificate_of(const v1::Signed& message, const VerifyKey& authority,
                                              std::string_view tenant, v1::Role role) {
  v1::Certificate certificate;
  if (!signed_by(authority, "cert", message)) return std::nullopt;
  if (!certificate.ParseFromString(message.body())) return std::nullopt;
  if (certificate.tenant() != tenant || certificate.role() != role) return std::nullopt;
  if (certificate.subject_id().size() != id_size) return std::nullopt;
  return certificate;
}

std::optional<v1::EpochKey> epoch_key_of(const v1::Signed& message,
                                         const v1::Certificate& certificate) {
  const auto identity = VerifyKey::from(certificate.public_key());
  v1::EpochKey key;
  if (!identity || !signed_by(*identity, "epoch-key", message)) return std::nullopt;
  if (!key.ParseFromString(message.body())) return std::nullopt;
  if (key.subject_id() != certificate.subject_id() || key.role() != certificate.role())
    return std::nullopt;
  return key;
}

}  // namespace tributary::gateway::helper
