#include "crypto/pairwise/survivor_certificate.hpp"

#include <algorithm>

#include "crypto/pairwise/fields.hpp"

namespace tributary::pairwise {
namespace {

constexpr std::string_view label = "survivor-set";
constexpr std::size_t head_bytes = 104;
constexpr std::size_t entry_bytes = 4 + Signature::size;

bool ascending(const std::vector<WitnessSignature>& signatures) {
  return std::ranges::adjacent_find(signatures, std::greater_equal{}, &WitnessSignature::witness) ==
         signatures.end();
}

}  // namespace

Bytes encode(const SurvivorCertificate& certificate) {
  Bytes bytes = encode(certificate.statement);
  bytes[1] = static_cast<std::uint8_t>(certificate.signatures.size());
  for (const auto& [witness, signature] : certificate.signatures) {
    append(bytes, crypto::le32(witness));
    append(bytes, signature.view());
  }
  return bytes;
}

std::optional<SurvivorCertificate> decode_survivor_certificate(ByteView bytes) {
  if (bytes.size() < head_bytes) return std::nullopt;
  const std::size_t count = bytes[1];
  if (count == 0 || bytes.size() != head_bytes + count * entry_bytes) return std::nullopt;
  // The head is a vow with the count in its first reserved byte.
  Bytes head(bytes.begin(), bytes.begin() + head_bytes);
  head[1] = 0;
  const auto statement = decode_slot_vow(head);
  if (!statement) return std::nullopt;
  SurvivorCertificate certificate{*statement, {}};
  Fields fields(bytes.subspan(head_bytes));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t witness = fields.u32();
    certificate.signatures.push_back({witness, fields.fixed<Signature>()});
  }
  if (!ascending(certificate.signatures)) return std::nullopt;
  return certificate;
}

WitnessSignature witness_signature(const crypto::SigningKey& identity, std::uint32_t witness,
                                   const SlotVow& persisted) {
  return {witness, crypto::sign(identity, label, persisted.survivors_hash)};
}

CertificateFault check(const SurvivorCertificate& certificate, const RoundName& round,
                       const SurvivorSet& survivors, std::span<const Witness> witnesses,
                       std::size_t quorum) {
  if (certificate.statement.round != round) return CertificateFault::other_round;
  const Hash& hash = certificate.statement.survivors_hash;
  if (hash != survivors.hash(round)) return CertificateFault::other_survivors;
  // A witness counted twice would be a quorum of one.
  if (!ascending(certificate.signatures)) return CertificateFault::not_a_witness;
  for (const auto& [index, signature] : certificate.signatures) {
    const auto witness = std::ranges::find(witnesses, index, &Witness::index);
    if (witness == witnesses.end()) return CertificateFault::not_a_witness;
    if (!crypto::verify(witness->identity, label, hash, signature)) {
      return CertificateFault::bad_signature;
    }
  }
  return certificate.signatures.size() >= quorum ? CertificateFault::none
                                                 : CertificateFault::too_few;
}

}  // namespace tributary::pairwise
