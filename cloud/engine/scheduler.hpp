// Opens the next round of each running task as soon as it can begin, and says in words what it
// waits for.
#pragma once

#include "cloud/engine/group_desk.hpp"
#include "cloud/engine/round_desk.hpp"

namespace tributary::cloud::engine {

// Of the owner's thread. Throws storage::Failure.
class Scheduler {
 public:
  // Rosters must have rested this long before the very first round of a task.
  static constexpr std::chrono::seconds settling{2};

  Scheduler(Fleet& fleet, TaskBoard& board, GroupDesk& groups, RoundDesk& desk, const World& world);

  // Call about four times a second, and when something changed.
  void tick();

 private:
  void advance(const Task& task);
  static std::optional<std::string> budget_spent(const Task& task, std::uint64_t round);
  // The gateway's facts, or why it cannot take part now.
  std::variant<round::GatewayFacts, std::string> facts_of(const Task& task,
                                                          const GatewayId& gateway,
                                                          std::uint64_t round) const;
  std::variant<round::GatewayFacts, std::string> facts_of_group(const Task& task,
                                                                const Member& member,
                                                                std::uint64_t round) const;
  std::variant<std::vector<round::HelperEpoch>, std::string> helpers_of(const round::TaskSpec& spec,
                                                                        const Member& member) const;
  std::variant<std::vector<round::GatewayFacts>, std::string> ready(const Task& task,
                                                                    std::uint64_t round) const;

  Fleet& fleet_;
  TaskBoard& board_;
  GroupDesk& groups_;
  RoundDesk& desk_;
  const World& world_;
};

}  // namespace tributary::cloud::engine
