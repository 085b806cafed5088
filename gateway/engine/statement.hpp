// What this gateway signs for the coordinator, byte for byte (cloud/api/proto/uplink.proto). Signing
// is deterministic: the same values give the same bytes.
#pragma once

#include "gateway/engine/identity.hpp"
#include "gateway/round/effect.hpp"

namespace tributary::gateway::engine {

// Serialized GatewaySum. `helpers`: how many lists of tickets the context asks for.
std::string gateway_sum(const Identity& identity, const Hash& ctx_hash, std::size_t helpers,
                        const round::SubmitSum& sum);
// Serialized GatewayAbandon.
std::string gateway_abandon(const Identity& identity, const Hash& ctx_hash,
                            const round::Abandon& abandon);

}  // namespace tributary::gateway::engine
