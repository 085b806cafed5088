// Devices and times for the tests of the choice.
#pragma once

#include "gateway/scheduling/selection.hpp"

namespace scheduling_test {

using namespace tributary::gateway::scheduling;
using tributary::DeviceId;
using tributary::Hash;

inline const Time noon{Span(1'800'000'000)};
inline const Requirements hour{noon + Span(3600), Span(600), 30, 20, 1, 0};

inline DeviceId device(std::uint32_t number) {
  DeviceId id;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

inline Hash seed(std::uint32_t number) {
  Hash hash;
  for (int i = 0; i < 4; ++i) hash.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return hash;
}

inline Record well() {
  Record record;
  record.presence = Presence::awake;
  record.conditions = {90, 90, Power::battery, 100, 65536, std::nullopt};
  return record;
}

// Carries a choice over to the records.
inline void settle(std::vector<Candidate>& candidates, const Choice& choice) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].record.credit = choice.decisions[i].credit;
    if (choice.decisions[i].reason == Reason::chosen) ++candidates[i].record.choices;
  }
}

}  // namespace scheduling_test
