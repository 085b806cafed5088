// Opens the next round of each running task as soon as it can begin, and says in words what it
// waits for.
#pragma once

#include "cloud/engine/round_desk.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread. Throws storage::Failure.
class Scheduler {
 public:
  // Rosters must have rested this long before the very first round of a task.
  static constexpr std::chrono::seconds settling{2};

  Scheduler(Fleet& fleet, TaskBoard& board, RoundDesk& desk, const World& world);

  // Call about four times a second, and when something changed.
  void tick();

 private:
  void advance(const Task& task);
  static std::optional<std::string> budget_spent(const Task& task);
  // The gateway's facts, or why it cannot take part now.
  std::variant<round::GatewayFacts, std::string> facts_of(const round::TaskSpec& spec,
                                                          const GatewayId& gateway) const;
  std::variant<std::vector<round::HelperEpoch>, std::string> helpers_of(const round::TaskSpec& spec,
                                                                        const Member& member) const;
  std::variant<std::vector<round::GatewayFacts>, std::string> ready(
      const round::TaskSpec& spec) const;

  Fleet& fleet_;
  TaskBoard& board_;
  RoundDesk& desk_;
  const World& world_;
};

}  // namespace tributary::cloud::engine
