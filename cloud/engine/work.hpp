// What the coordinator wants of one gateway now (GET /v1/gateway/work).
#pragma once

#include "cloud/engine/round_desk.hpp"

namespace tributary::cloud::engine {

// The whole level, version included.
v1::Work work_of(const GatewayId& gateway, const RoundDesk& rounds, const Fleet& fleet,
                 const Revisions& revisions, const Identity& identity, store::Store& store);

}  // namespace tributary::cloud::engine
