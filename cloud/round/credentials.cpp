#include "cloud/round/credentials.hpp"

#include "device-protocol/cpp/certificate.hpp"

namespace tributary::cloud::round {

std::variant<CertifiedParty, std::string> verify_party(const v1::CertifiedKey& key, v1::Role role,
                                                       const FleetAuthority& authority,
                                                       std::uint64_t now) {
  const std::string who =
      role == v1::ROLE_HELPER ? "the helper's certificate " : "the gateway's certificate ";
  const auto checked =
      wire::verify_certified_key(key, {authority.key, authority.tenant, role, now});
  if (const auto* fault = std::get_if<wire::CertificateFault>(&checked)) {
    return who + std::string(wire::text_of(*fault));
  }
  const auto& verified = std::get<wire::VerifiedKey>(checked);
  if (verified.certificate.operated_by.empty()) return who + "names no operator";
  return CertifiedParty{verified.certificate.subject,
                        verified.certificate.operated_by,
                        verified.certificate.key,
                        verified.epoch,
                        verified.key,
                        verified.not_after};
}

}  // namespace tributary::cloud::round
