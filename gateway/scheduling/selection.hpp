// Who is invited to a round, with a reason for every device: a pure function of records, time and seed.
//
// Fairness is deficit accounting (as in deficit round robin, Shreedhar and Varghese 1996): each eligible device
// earns the same, also one that sleeps because it was told to, and a chosen one pays 1. Utility (in the spirit of Oort, Lai et al. 2021, but of state and conduct
// alone, never of losses) and a lot are bounded, so they order who goes first and cannot decide who goes more often.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "gateway/scheduling/eligibility.hpp"
#include "gateway/scheduling/over_selection.hpp"

namespace tributary::gateway::scheduling {

struct Candidate {
  DeviceId device;
  Record record;
  std::optional<Reason> barred =
      std::nullopt;  // for a reason that no record knows: busy, other_cohort
};

struct Decision {
  DeviceId device;
  Reason reason;
  double credit;        // after this choice
  std::uint32_t pause;  // rounds until its turn may come again, 0 .. longest_pause

  bool operator==(const Decision&) const = default;
};

inline constexpr std::uint32_t longest_pause = 16;

struct Choice {
  std::vector<Decision> decisions;  // one per candidate, in their order
  Invited invited;
  std::array<std::uint32_t, reasons> counts{};  // by Reason

  std::vector<DeviceId> chosen() const;
};

// What an eligible device's order depends on besides its credit, 0..1. `typical`: seconds of a typical device.
double utility(const Record& record, double typical);

// `candidates`: distinct devices. The order of the candidates changes nothing but the order of the decisions.
// `seed`: the same for all rounds of a task; it gives each device its place in the cycle.
Choice select(std::span<const Candidate> candidates, const Requirements& needs,
              const Wanted& wanted, Time now, const Hash& seed);

}  // namespace tributary::gateway::scheduling
