// A round the coordinator offers: verified under its pinned key and meant for this gateway.
#pragma once

#include <variant>

#include "device-protocol/cpp/context.hpp"
#include "gateway/engine/chunk_journal.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/round/plan.hpp"

namespace tributary::gateway::engine {

struct Admitted {
  wire::Context context;
  WordLayout layout;
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds deadline;
};

// The text names the rule that refuses the round.
std::variant<Admitted, std::string> admit(const Identity& identity, std::string_view context,
                                          std::string_view signature);

// The numbers of the round machine; `deadline` on the monotonic clock.
round::Plan plan_of(const wire::Context& context, round::Instant deadline);

// Whether the context's participation threshold and cohort select the device (PROTOCOL.md 9).
bool selected(const wire::Context& context, const DeviceId& device);

}  // namespace tributary::gateway::engine
