// What gateways and helpers say about a round, verified and typed (uplink.proto; rule C1).
// Every text names the check that failed.
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

// `roster`: the devices of the roster the context names, ascending.
std::variant<SumGiven, std::string> read_sum(const v1::GatewaySum& message,
                                             const StatedRound& round, const VerifyKey& gateway,
                                             const std::vector<DeviceId>& roster);
std::variant<MaskGiven, std::string> read_mask_sum(const v1::MaskSum& message,
                                                   const StatedRound& round,
                                                   const VerifyKey& helper);
std::variant<Refused, std::string> read_refusal(const v1::MaskRefusal& message,
                                                const StatedRound& round, const VerifyKey& helper);
struct GaveUp {
  std::uint32_t count;
  std::string reason;  // at most 200 bytes, printable
};
std::variant<GaveUp, std::string> read_abandon(const v1::GatewayAbandon& message,
                                               const StatedRound& round, const VerifyKey& gateway);

// The words of a refusal reason, for people.
std::string refusal_words(v1::HelperRefusal reason);

}  // namespace tributary::cloud::round
