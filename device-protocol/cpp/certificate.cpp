#include "device-protocol/cpp/certificate.hpp"

#include <algorithm>

#include "device-protocol/cpp/signed.hpp"

namespace tributary::wire {
namespace {

std::optional<VerifiedCertificate> typed(const v1::Certificate& certificate) {
  const auto subject = DeviceId::from(certificate.subject_id());
  const auto key = VerifyKey::from(certificate.public_key());
  const auto gateway = GatewayId::from(certificate.gateway_id());
  const bool device = certificate.role() == v1::ROLE_DEVICE;
  if (!subject || !key || certificate.tenant().empty() || device != gateway.has_value() ||
      (!device && !certificate.gateway_id().empty())) {
    return std::nullopt;
  }
  return VerifiedCertificate{subject->bytes,
                             certificate.role(),
                             *key,
                             certificate.operator_(),
                             gateway ? gateway->bytes : GatewayId{}.bytes,
                             certificate.not_before(),
                             certificate.not_after(),
                             certificate.serial()};
}

std::optional<CertificateFault> fault_in_time(const v1::Certificate& certificate,
                                              std::uint64_t now) {
  if (now == 0) return std::nullopt;
  if (now < certificate.not_before()) return CertificateFault::not_yet_valid;
  if (now > certificate.not_after()) return CertificateFault::expired;
  return std::nullopt;
}

}  // namespace

std::string_view text_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::malformed:
      return "does not decode or has a field of the wrong size";
    case CertificateFault::bad_signature:
      return "is not signed by the fleet authority";
    case CertificateFault::wrong_tenant:
      return "is of another tenant";
    case CertificateFault::wrong_role:
      return "is of another role";
    case CertificateFault::not_yet_valid:
      return "is not valid yet; check the clock";
    case CertificateFault::expired:
      return "has expired; renew it";
    case CertificateFault::bad_epoch_key:
      break;
  }
  return "has an epoch key that is not its subject's";
}

std::variant<VerifiedCertificate, CertificateFault> verify_certificate(
    const v1::Signed& message, const Expectation& expected) {
  if (!verify_body("cert", message, expected.authority)) return CertificateFault::bad_signature;
  v1::Certificate certificate;
  if (!certificate.ParseFromString(message.body())) return CertificateFault::malformed;
  auto verified = typed(certificate);
  if (!verified) return CertificateFault::malformed;
  if (certificate.tenant() != expected.tenant) return CertificateFault::wrong_tenant;
  if (expected.role != v1::ROLE_UNSPECIFIED && certificate.role() != expected.role) {
    return CertificateFault::wrong_role;
  }
  if (const auto fault = fault_in_time(certificate, expected.now)) return *fault;
  return std::move(*verified);
}

std::variant<VerifiedKey, CertificateFault> verify_certified_key(const v1::CertifiedKey& message,
                                                                 const Expectation& expected) {
  auto certificate = verify_certificate(message.certificate(), expected);
  if (const auto* fault = std::get_if<CertificateFault>(&certificate)) return *fault;
  auto& verified = std::get<VerifiedCertificate>(certificate);
  v1::EpochKey epoch;
  if (!verify_body("epoch-key", message.epoch_key(), verified.key) ||
      !epoch.ParseFromString(message.epoch_key().body())) {
    return CertificateFault::bad_epoch_key;
  }
  const auto subject = DeviceId::from(epoch.subject_id());
  const auto key = ExchangeKey::from(epoch.public_key());
  if (!subject || !key || subject->bytes != verified.subject || epoch.role() != verified.role ||
      epoch.epoch() == 0) {
    return CertificateFault::bad_epoch_key;
  }
  if (expected.now != 0 && expected.now > epoch.not_after()) return CertificateFault::expired;
  const auto not_after = std::min(verified.not_after, epoch.not_after());
  return VerifiedKey{std::move(verified), epoch.epoch(), *key, not_after};
}

}  // namespace tributary::wire
