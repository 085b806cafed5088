// When the next round is expected, and when a device shall come back (pace steering, Bonawitz et al. 2019, 2.3):
// together with enough others for the round, yet not all of them in the same second.
#pragma once

#include "gateway/scheduling/reason.hpp"
#include "gateway/scheduling/record.hpp"

namespace tributary::gateway::scheduling {

// Rounds as they were opened. Value; no clock of its own.
struct Rhythm {
  Running gap;    // seconds between openings
  Time opened{};  // the last; 0: none yet

  void opened_at(Time now);
  Span interval() const;  // `first_guess` until two have been seen; at least 1 s
  // The next opening from `now` on. When it is overdue: in a quarter of the interval.
  Time next(Time now) const;

  static constexpr Span first_guess{600};
};

struct Arrivals {
  std::uint32_t devices = 1;  // that are told to come back
  double per_second = 20;     // connections a broker takes calmly
  Span least_sleep{30};       // a shorter one is not worth it: stay awake
  Span longest_sleep{86400};
};

// Why a device was not, or is no longer, needed, and for how many rounds its turn will not come (Decision).
struct Leave {
  Reason reason;
  std::uint32_t pause = 0;
};

// Time{}: stay awake. The arrival is before the round after `now` that the device could be in, by a
// margin and a part of the window that follows from `device`: a device that may not now (battery, data, cap)
// comes back four rounds later, one that rests when it has rested.
Time come_back_at(const Rhythm& rhythm, const Record& record, const Leave& leave,
                  const DeviceId& device, const Arrivals& arrivals, Time now);

}  // namespace tributary::gateway::scheduling
