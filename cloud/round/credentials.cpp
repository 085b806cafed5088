#include "cloud/round/credentials.hpp"

#include <algorithm>

namespace tributary::cloud::round {
namespace {

using Verified = std::variant<CertifiedParty, std::string>;

std::string role_name(v1::Role role) {
  return role == v1::ROLE_HELPER ? "helper" : "gateway";
}

Verified party_of(const v1::Certificate& certificate) {
  const auto id = GatewayId::from(certificate.subject_id());
  const auto identity = VerifyKey::from(certificate.public_key());
  if (!id || !identity || certificate.operator_().empty()) {
    return "the certificate lacks a subject id of 16 bytes, a key of 32 bytes or an operator";
  }
  return CertifiedParty{id->bytes, certificate.operator_(), *identity, 0,
                        {},        certificate.not_after()};
}

std::string add_epoch(const v1::EpochKey& epoch, v1::Role role, CertifiedParty& party) {
  const auto key = ExchangeKey::from(epoch.public_key());
  const auto subject = GatewayId::from(epoch.subject_id());
  if (!subject || subject->bytes != party.id || epoch.role() != role) {
    return "the epoch key is not of the certificate's subject and role";
  }
  if (!key || epoch.epoch() == 0) return "the epoch key needs 32 bytes and an epoch from 1";
  party.epoch = epoch.epoch();
  party.epoch_key = *key;
  party.not_after = std::min(party.not_after, epoch.not_after());
  return {};
}

}  // namespace

bool verify_signed(const VerifyKey& key, std::string_view label, const v1::Signed& message) {
  const auto signature = Signature::from(message.signature());
  return signature &&
         crypto::verify(key, label, crypto::hash(label, {view_of(message.body())}), *signature);
}

Verified verify_party(const v1::CertifiedKey& key, v1::Role role, const FleetAuthority& authority,
                      std::uint64_t now) {
  const std::string who = "the " + role_name(role) + "'s ";
  if (!verify_signed(authority.key, "cert", key.certificate())) {
    return who + "certificate is not signed by the fleet authority in authority.pub";
  }
  v1::Certificate certificate;
  if (!certificate.ParseFromString(key.certificate().body()) || certificate.role() != role) {
    return who + "certificate is not one of role " + role_name(role);
  }
  if (certificate.tenant() != authority.tenant) {
    return who + "certificate is of tenant '" + certificate.tenant() + "', this coordinator of '" +
           authority.tenant + "'";
  }
  auto verified = party_of(certificate);
  auto* party = std::get_if<CertifiedParty>(&verified);
  if (party == nullptr) return who + std::get<std::string>(verified);
  if (!verify_signed(party->identity, "epoch-key", key.epoch_key())) {
    return who + "epoch key is not signed by the identity key of its certificate";
  }
  v1::EpochKey epoch;
  if (!epoch.ParseFromString(key.epoch_key().body())) return who + "epoch key does not decode";
  if (auto fault = add_epoch(epoch, role, *party); !fault.empty()) return who + fault;
  if (now >= party->not_after) return who + "certificate or epoch key has expired; renew it";
  return verified;
}

}  // namespace tributary::cloud::round
