// The survivor set of a round as a quorum of witnesses signed it. Without it nobody reveals a share:
// a gateway that told one half of the devices "alive" and the other "dropped" would get both of a
// device's secrets. Integers are little-endian.
//     0   1  version = 1
//     1   1  number of signatures, 1..255
//     2   2  zero
//     4   4  slot
//     8   32 graph seed
//     40  32 ctx_hash
//     72  32 survivors hash (survivor_set.hpp)
//     104 68 per signature, strictly ascending by witness: u32 witness, Ed25519 64 by its identity
//            over sig/survivor-set of the survivors hash
#pragma once

#include "crypto/keys.hpp"
#include "crypto/pairwise/slot_vow.hpp"

namespace tributary::pairwise {

struct WitnessSignature {
  std::uint32_t witness;  // index in the roster
  Signature signature;
  bool operator==(const WitnessSignature&) const = default;
};

struct SurvivorCertificate {
  SlotVow statement;
  std::vector<WitnessSignature> signatures;
  bool operator==(const SurvivorCertificate&) const = default;
};

Bytes encode(const SurvivorCertificate& certificate);
// nullopt: another version, reserved bytes set, not ascending, any length but the exact one.
std::optional<SurvivorCertificate> decode_survivor_certificate(ByteView bytes);

// The witness's signature on a vow that vow_for gave and the caller has persisted.
WitnessSignature witness_signature(const crypto::SigningKey& identity, std::uint32_t witness,
                                   const SlotVow& persisted);

// A chosen witness with its certified identity key.
struct Witness {
  std::uint32_t index;
  VerifyKey identity;
};

enum class CertificateFault {
  none,
  other_round,      // graph, context or slot
  other_survivors,  // the hash is not that of the set
  not_a_witness,    // a signature of a device that was not chosen
  bad_signature,
  too_few,  // below the quorum
};
// `witnesses` are those choose_witnesses gave for the round's slot. Every signature must verify.
CertificateFault check(const SurvivorCertificate& certificate, const RoundName& round,
                       const SurvivorSet& survivors, std::span<const Witness> witnesses,
                       std::size_t quorum);

}  // namespace tributary::pairwise
