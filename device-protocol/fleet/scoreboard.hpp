// Follows a task from outside as the operator: scores every released model on the test set (one whose last layer
// stays on the devices by what they say of their own examples), checks
// every released sum against the true one and shows the rounds as a table.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "device-protocol/fleet/central.hpp"
#include "device-protocol/fleet/coordinator.hpp"
#include "device-protocol/fleet/round_view.hpp"

namespace tributary::fleet {

struct ScoredRound {
  RoundView round;
  Score score;
  double bytes_per_parameter = 0;
};

struct Verification {
  std::uint64_t verified = 0;
  std::uint64_t wrong = 0;
  std::vector<std::string> faults;  // one line for each wrong sum
};

struct ScoreboardResult {
  TaskView task;
  std::vector<ScoredRound> rounds;  // released ones, in order
  std::uint64_t abandoned = 0;
  Verification sums;
};

class Scoreboard {
 public:
  // `true_vectors` empty: sums are not checked. Both references outlive the scoreboard.
  Scoreboard(const Coordinator& coordinator, const Dataset& data, std::string task_id,
             std::filesystem::path true_vectors)
      : coordinator_(coordinator),
        data_(data),
        task_id_(std::move(task_id)),
        true_vectors_(std::move(true_vectors)) {}

  // Prints each round once it is over; returns when the task is. A coordinator that does not answer
  // is asked again for two minutes.
  Outcome<ScoreboardResult> follow(const TaskView& task);

 private:
  Outcome<bool> look(ScoreboardResult& result);
  Outcome<void> take_round(const RoundView& round, ScoreboardResult& result);
  Outcome<void> verify(const RoundView& round, Verification& sums) const;

  const Coordinator& coordinator_;
  const Dataset& data_;
  const std::string task_id_;
  const std::filesystem::path true_vectors_;
  std::uint64_t last_round_ = 0;
};

Outcome<TaskView> task_of(const Coordinator& coordinator, const std::string& task_id);

// Compares the released sums of one round, gateways' or totals of wider scopes, with the recorded vectors.
void compare_sums(const std::filesystem::path& true_vectors, std::uint64_t round,
                  const std::vector<SurvivorsView>& gateways, Verification& sums);

// Why the run does not count as a success; empty: it does. `central` is the accuracy to hold
// against, `most_below` how far below it the last model may be.
std::vector<std::string> shortcomings(const ScoreboardResult& result, bool verifying,
                                      std::optional<double> central, double most_below = 0.05);

}  // namespace tributary::fleet
