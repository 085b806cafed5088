#include "gateway/scheduling/pace.hpp"

#include <algorithm>
#include <cmath>

#include "crypto/hash.hpp"

namespace tributary::gateway::scheduling {
namespace {

constexpr int rounds_to_recover = 4;
constexpr double margin = 0.05;  // of an interval, before a round

// Whole intervals to let pass before the next round makes sense.
Span pause_for(const Rhythm& rhythm, const Record& record, const Leave& leave, Time now) {
  switch (leave.reason) {
    case Reason::battery:
    case Reason::no_data:
    case Reason::no_room:
    case Reason::cap_reached:
      return rhythm.interval() * (rounds_to_recover - 1);
    case Reason::resting:
      return std::max(rested_at(record, rhythm.interval()) - rhythm.next(now), Span(0));
    case Reason::chosen:
    case Reason::passed_over:
      return rhythm.interval() * leave.pause;
    case Reason::gone:
    case Reason::held_back:
    case Reason::link:
    case Reason::asleep:
    case Reason::too_slow:
    case Reason::busy:
    case Reason::other_cohort:
      break;
  }
  return Span(0);
}

// A place in the window, 0..1, that is the device's own and another one each round.
double place(const DeviceId& device, Time round) {
  const auto number = static_cast<std::uint64_t>(round.time_since_epoch().count());
  const Hash lot = crypto::hash("come-back", {device.view(), crypto::le64(number)});
  return (lot.bytes[0] * 256 + lot.bytes[1]) / 65536.0;
}

double seconds_of(Span span) {
  return static_cast<double>(span.count());
}

}  // namespace

void Rhythm::opened_at(Time now) {
  if (opened != Time{} && now > opened) gap.take(seconds_of(now - opened));
  opened = std::max(opened, now);
}

Span Rhythm::interval() const {
  if (gap.weight <= 0) return first_guess;
  return std::max(Span(1), Span(static_cast<std::int64_t>(std::lround(gap.mean))));
}

Time Rhythm::next(Time now) const {
  const Time due = opened + interval();
  return opened != Time{} && due > now ? due : now + std::max(Span(1), interval() / 4);
}

Time come_back_at(const Rhythm& rhythm, const Record& record, const Leave& leave,
                  const DeviceId& device, const Arrivals& arrivals, Time now) {
  const Span interval = rhythm.interval();
  const Time round = rhythm.next(now) + pause_for(rhythm, record, leave, now);
  const double early = margin * seconds_of(interval) + 2 * rhythm.gap.deviation();
  const double window =
      std::min(seconds_of(interval) / 4, arrivals.devices / std::max(arrivals.per_second, 0.01));
  const double before = std::min(seconds_of(interval) / 2, early + window * place(device, round));
  const Time at =
      std::min(round - Span(static_cast<std::int64_t>(before)), now + arrivals.longest_sleep);
  return at - now < arrivals.least_sleep ? Time{} : at;
}

}  // namespace tributary::gateway::scheduling
