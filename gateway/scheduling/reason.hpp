// Why a device is or is not in a choice: recorded for each device, counted by reason for everybody else.
#pragma once

#include <cstdint>
#include <string_view>

namespace tributary::gateway::scheduling {

enum class Reason : std::uint8_t {
  chosen = 0,
  passed_over = 1,    // it could, and enough others go first this time
  gone = 2,           // not connected, and not asleep either
  held_back = 3,      // its own settings keep it out
  battery = 4,        // too low, and not on mains
  link = 5,           // too weak
  no_data = 6,        // fewer examples than needed
  no_room = 7,        // its memory does not take the chunks
  cap_reached = 8,    // no contributions left under its cap
  asleep = 9,         // wakes too late for this round
  too_slow = 10,      // would not be done in time
  resting = 11,       // failed lately
  busy = 12,          // chosen for another round that is open
  other_cohort = 13,  // not its turn under the privacy terms
};
inline constexpr std::size_t reasons = 14;

// As in logs, metrics and reports, for example "passed-over".
std::string_view name_of(Reason reason);

}  // namespace tributary::gateway::scheduling
