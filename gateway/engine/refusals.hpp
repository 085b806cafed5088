// A Drop of the coordinator: devices that helpers refused, in the helpers' own signed words.
#pragma once

#include <set>
#include <span>

#include "device-protocol/cpp/context.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/round/event.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

// Only refusals that name devices, are for one of these helpers of the round, and verify under the
// certificate in `helper_keys` count. One event per survivors hash named.
std::vector<round::DevicesDropped> verified_refusals(const Identity& identity, const v1::Drop& drop,
                                                     std::span<const wire::HelperEpoch> helpers,
                                                     const v1::SiteKeys& helper_keys);

}  // namespace tributary::gateway::engine
