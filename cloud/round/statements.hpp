// What gateways and helpers say about a round, read into typed values (uplink.proto; rule C1).
// read_*: everything but the signature has been checked; it is checked by *_fault below, and not
// again when a recorded statement is replayed. Every text names the check that failed.
#pragma once

#include "cloud/round/context.hpp"
#include "cloud/round/part.hpp"
#include "crypto/keys.hpp"
#include "uplink.pb.h"

namespace tributary::cloud::round {

// The round a statement is about: the signed context's hash and what it says.
struct StatedRound {
  Hash ctx_hash;
  const ContextReading& context;
};
struct GaveUp {
  Hash statement;
  std::string reason;  // at most 200 bytes, printable
};

std::variant<SumGiven, std::string> read_statement(const v1::GatewaySum& message,
                                                   const StatedRound& round);
std::variant<MaskGiven, std::string> read_statement(const v1::MaskSum& message,
                                                    const StatedRound& round);
std::variant<Refused, std::string> read_statement(const v1::MaskRefusal& message,
                                                  const StatedRound& round);
std::variant<GaveUp, std::string> read_statement(const v1::GatewayAbandon& message,
                                                 const StatedRound& round);

// Empty when the signer's identity key made the signatures.
std::string signature_fault(const v1::GatewaySum& message, const StatedRound& round,
                            const SumGiven& sum, const VerifyKey& gateway);
std::string signature_fault(const v1::MaskSum& message, const StatedRound& round,
                            const MaskGiven& mask, const VerifyKey& helper);
std::string signature_fault(const v1::MaskRefusal& message, const StatedRound& round,
                            const Refused& refusal, const VerifyKey& helper);
std::string signature_fault(const v1::GatewayAbandon& message, const StatedRound& round,
                            const GaveUp& gave_up, const VerifyKey& gateway);

// The words of a refusal reason, for people.
std::string refusal_words(v1::HelperRefusal reason);

}  // namespace tributary::cloud::round
