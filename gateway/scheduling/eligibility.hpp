// May a device take part in a round that is about to open? The first reason against it, in the order below.
#pragma once

#include "gateway/scheduling/reason.hpp"
#include "gateway/scheduling/record.hpp"

namespace tributary::gateway::scheduling {

// What a round asks of its devices.
struct Requirements {
  Time closes_at;
  Span interval{600};                // expected between rounds, greater than 0
  std::uint32_t least_battery = 30;  // per cent; on mains power any
  std::uint32_t least_link = 20;     // per cent
  std::uint32_t least_examples = 1;
  std::uint32_t chunk_bytes = 0;
};

// Reason::passed_over: nothing speaks against it. What a device does not tell does not speak against it.
Reason eligible(const Record& record, const Requirements& needs, Time now);

// When it can begin: now, or when it wakes up.
Time begins_at(const Record& record, Time now);

}  // namespace tributary::gateway::scheduling
