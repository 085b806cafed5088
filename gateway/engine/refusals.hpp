// A Drop of the coordinator: devices that helpers refused, in the helpers' own signed words.
#pragma once

#include <vector>

#include "device-protocol/cpp/context.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/round/event.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

// Only refusals that name devices, are of a helper in `context`, the round's, and verify under the
// certificate in `helper_keys` count; of a wider scope only those of a question that held this gateway's
// survivors. One event per survivors hash.
std::vector<round::DevicesDropped> verified_refusals(const Identity& identity, const v1::Drop& drop,
                                                     const wire::Context& context,
                                                     const v1::SiteKeys& helper_keys);

}  // namespace tributary::gateway::engine
