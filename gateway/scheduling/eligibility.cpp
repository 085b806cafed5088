#include "gateway/scheduling/eligibility.hpp"

#include <algorithm>

namespace tributary::gateway::scheduling {
namespace {

// A device that was told to come back is believed to be asleep a little beyond that.
constexpr Span overslept{60};

bool below(const std::optional<std::uint32_t>& value, std::uint32_t least) {
  return value && *value < least;
}

bool flat(const Conditions& now, std::uint32_t least) {
  return now.power != Power::mains && below(now.battery, least);
}

// With two deviations to spare; unknown times are hoped to fit.
bool in_time(const Record& record, const Requirements& needs, Time now) {
  const double needed = record.seconds.mean + 2 * record.seconds.deviation();
  return static_cast<double>((needs.closes_at - begins_at(record, now)).count()) >= needed;
}

}  // namespace

Time begins_at(const Record& record, Time now) {
  return record.presence == Presence::asleep ? std::max(now, record.wake_at) : now;
}

Reason eligible(const Record& record, const Requirements& needs, Time now) {
  const Conditions& said = record.conditions;
  const bool asleep = record.presence == Presence::asleep;
  if (record.presence == Presence::gone) return Reason::gone;
  if (asleep && now > record.wake_at + overslept) return Reason::gone;
  if (record.held_back) return Reason::held_back;
  if (flat(said, needs.least_battery)) return Reason::battery;
  if (below(said.link, needs.least_link)) return Reason::link;
  if (below(said.examples, needs.least_examples)) return Reason::no_data;
  if (below(said.room, needs.chunk_bytes)) return Reason::no_room;
  if (said.contributions_left && *said.contributions_left == 0) return Reason::cap_reached;
  if (now < rested_at(record, needs.interval)) return Reason::resting;
  if (asleep && record.wake_at >= needs.closes_at) return Reason::asleep;
  if (!in_time(record, needs, now)) return asleep ? Reason::asleep : Reason::too_slow;
  return Reason::passed_over;
}

}  // namespace tributary::gateway::scheduling
