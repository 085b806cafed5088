// How long a gateway waits for the devices it chose, from how long they took before.
#pragma once

#include <span>

#include "gateway/scheduling/eligibility.hpp"

namespace tributary::gateway::scheduling {

inline constexpr Span shortest_wait{10};

// From `now` until the slowest of the chosen is due: begin, mean + 3 deviations, a quarter more. Never beyond
// `closes_at`, and until then while one of them was never observed.
Span wait_for(std::span<const Record> chosen, Time closes_at, Time now);

}  // namespace tributary::gateway::scheduling
