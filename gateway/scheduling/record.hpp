// What a gateway knows of one device when it chooses who takes part: how it said it is, and how it did.
// Values only; times are Unix seconds of the caller's clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "crypto/bytes.hpp"

namespace tributary::gateway::scheduling {

using Time = std::chrono::sys_seconds;
using Span = std::chrono::seconds;

enum class Power : std::uint8_t { unknown, battery, mains };

// As the device announced it last (PROTOCOL.md 13.1); what it does not know is absent.
struct Conditions {
  std::optional<std::uint32_t> battery;  // per cent
  std::optional<std::uint32_t> link;     // per cent
  Power power = Power::unknown;
  std::optional<std::uint32_t> examples;
  std::optional<std::uint32_t> room;  // largest chunk_bytes
  std::optional<std::uint64_t> contributions_left;

  bool operator==(const Conditions&) const = default;
};

enum class Presence : std::uint8_t {
  unheard,  // it has announced nothing since the gateway began: it may well be there
  awake,
  asleep,  // until wake_at
  gone,    // disconnected on purpose, lost, or out of order
};

// A mean that forgets: each value counts 0.8 times as much as the next. Starts with none.
struct Running {
  double mean = 0;
  double square_deviation = 0;
  double weight = 0;

  void take(double value);
  double deviation() const;

  bool operator==(const Running&) const = default;
};

struct Record {
  Conditions conditions;
  Presence presence = Presence::unheard;
  bool held_back = false;  // by its own settings
  Time wake_at{};          // asleep: when it was told to come back

  // Observed. Counts forget as Running does.
  Running seconds;  // from invitation, or waking up for it, to receipt
  double completed = 0;
  double missed = 0;
  double failures = 0;  // since failed_at it halves every `failures_halve` round intervals
  Time failed_at{};
  std::uint64_t contributions = 0;
  std::uint64_t choices = 0;

  // Fairness: choices owed to it when positive.
  double credit = 0;

  bool operator==(const Record&) const = default;
};

inline constexpr double failures_halve = 16;
inline constexpr double longest_rest = 16;

// A round the device was chosen for ended for it. `interval`: between rounds, greater than 0.
void note_contribution(Record& record, Span taken);
void note_miss(Record& record, Time now, Span interval);

inline constexpr double hoped_chance = 0.9;  // of a contribution, while nothing is known

// Chance that it contributes when chosen: its decayed record, and `prior` worth four rounds.
double reliability(const Record& record, double prior = hoped_chance);
// When it may be tried again after its last failure: at once after a single one, then after 1, 2, 4, ..
// longest_rest rounds.
Time rested_at(const Record& record, Span interval);

}  // namespace tributary::gateway::scheduling
