// Certificates and certified epoch keys, verified under the fleet authority (PROTOCOL.md 3).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/keys.hpp"
#include "tributary.pb.h"

namespace tributary::wire {

enum class CertificateFault {
  malformed,      // not decodable, or a field of the wrong size
  bad_signature,  // not signed by the authority
  wrong_tenant,
  wrong_role,
  not_yet_valid,
  expired,
  bad_epoch_key,  // of another subject or role, or not signed by the certificate's key
};
std::string_view text_of(CertificateFault fault);

// What the reader expects, and when. `role` UNSPECIFIED accepts every role.
struct Expectation {
  VerifyKey authority;
  std::string_view tenant;
  v1::Role role;
  std::uint64_t now;  // Unix seconds; 0: unknown, validity in time is not checked
};

struct VerifiedCertificate {
  std::array<std::uint8_t, 16> subject;
  v1::Role role;
  VerifyKey key;
  std::string operated_by;               // empty for devices
  std::array<std::uint8_t, 16> gateway;  // zero for servers
  std::uint64_t not_before;              // Unix seconds
  std::uint64_t not_after;
  std::uint64_t serial;
};

struct VerifiedKey {
  VerifiedCertificate certificate;
  std::uint32_t epoch;
  ExchangeKey key;
  std::uint64_t not_after;  // the earlier of certificate and epoch key
};

std::variant<VerifiedCertificate, CertificateFault> verify_certificate(
    const v1::Signed& certificate, const Expectation& expected);
std::variant<VerifiedKey, CertificateFault> verify_certified_key(const v1::CertifiedKey& key,
                                                                 const Expectation& expected);

}  // namespace tributary::wire
