#include "device-protocol/fleet/scoreboard.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iostream>
#include <thread>

#include "device-protocol/fleet/true_vectors.hpp"

namespace tributary::fleet {
namespace {

constexpr std::chrono::milliseconds kLookEvery{250};
constexpr std::chrono::seconds kPatience{120};

std::vector<float> floats_of(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

// What was released as one sum: a gateway's, or the total of a wider scope.
struct Total {
  std::string name;
  std::vector<SurvivorsView> gateways;
};

std::vector<Total> totals_of(const std::vector<SurvivorsView>& gateways) {
  std::vector<Total> totals;
  for (const auto& gateway : gateways) {
    if (gateway.device_ids.empty()) continue;
    const auto name =
        gateway.scope_id.empty() ? "gateway " + gateway.gateway : "scope " + gateway.scope_id;
    auto known = std::ranges::find(totals, name, &Total::name);
    if (known == totals.end()) known = totals.insert(totals.end(), {name, {}});
    known->gateways.push_back(gateway);
  }
  return totals;
}

bool has_hash(const Total& total, const std::string& hash) {
  return std::ranges::all_of(
      total.gateways, [&](const SurvivorsView& gateway) { return gateway.sum_hash == hash; });
}

Outcome<std::vector<std::int64_t>> true_total(const std::filesystem::path& true_vectors,
                                              const std::vector<SurvivorsView>& gateways) {
  std::vector<std::int64_t> total;
  for (const auto& gateway : gateways) {
    auto sum = true_sum(true_vectors, gateway.ctx_hash, gateway.device_ids);
    if (!sum) return sum.error();
    if (total.empty()) total.resize(sum->size());
    if (sum->size() != total.size()) return Fault{"the gateways' vectors differ in length"};
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += (*sum)[i];
  }
  return total;
}

void print_head() {
  fmt::print("{:>5} {:>9} {:>7} {:>9} {:>8} {:>12} {:>8} {:>14}\n", "round", "accuracy", "loss",
             "survivors", "dropped", "bytes/param", "seconds", "masks/s");
}

void print_round(const ScoredRound& row) {
  const auto& round = row.round;
  const double rate =
      round.mask_seconds > 0 ? static_cast<double>(round.masks_removed) / round.mask_seconds : 0;
  fmt::print("{:>5} {:>8.2f}% {:>7.4f} {:>9} {:>8} {:>12.3f} {:>8.2f} {:>14.0f}\n", round.number,
             100 * row.score.accuracy, row.score.loss, round.survivors, round.dropped,
             row.bytes_per_parameter, round.seconds, rate);
  std::cout << std::flush;
}

}  // namespace

Outcome<TaskView> task_of(const Coordinator& coordinator, const std::string& task_id) {
  const auto answer = coordinator.get("/v1/tasks/" + task_id);
  if (!answer) return answer.error();
  return view_task(*answer);
}

Outcome<ScoreboardResult> Scoreboard::follow(const TaskView& task) {
  ScoreboardResult result;
  result.task = task;
  if (has_local_head(task.model)) {
    fmt::print("accuracy and loss: the devices' own, each on its examples while it trains\n");
  }
  print_head();
  auto last_answer = std::chrono::steady_clock::now();
  for (;;) {
    const auto over = look(result);
    const auto now = std::chrono::steady_clock::now();
    if (over) {
      last_answer = now;
      if (*over) return result;
    } else if (now - last_answer > kPatience) {
      return over.error();
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

// True when the task is over and all of its rounds were taken.
Outcome<bool> Scoreboard::look(ScoreboardResult& result) {
  auto current = task_of(coordinator_, task_id_);
  if (!current) return current.error();
  const auto answer =
      coordinator_.get("/v1/tasks/" + task_id_ + "/rounds?after=" + std::to_string(last_round_));
  if (!answer) return answer.error();
  const auto rounds = view_rounds(*answer);
  if (!rounds) return rounds.error();
  for (const auto& round : *rounds) {
    if (!round.over()) break;
    if (round.number <= last_round_) continue;
    if (auto taken = take_round(round, result); !taken) return taken.error();
    last_round_ = round.number;
  }
  result.task = std::move(*current);
  return result.task.over();
}

Outcome<void> Scoreboard::take_round(const RoundView& round, ScoreboardResult& result) {
  if (round.state == "abandoned") {
    ++result.abandoned;
    fmt::print("{:>5} abandoned: {}\n", round.number, round.reason);
    return {};
  }
  const auto content = coordinator_.download("/v1/models/" + round.model_after + "/content");
  if (!content) return content.error();
  const auto weights = floats_of(*content);
  const auto score = has_local_head(result.task.model)
                         ? Outcome<Score>{Score{round.train_accuracy, round.train_loss}}
                         : score_model(result.task.model, weights, data_.test);
  if (!score) return score.error();
  ScoredRound row{round, *score, 0};
  if (round.survivors > 0) {
    row.bytes_per_parameter = static_cast<double>(round.upload_bytes) /
                              static_cast<double>(round.survivors) /
                              static_cast<double>(weights.size());
  }
  if (!true_vectors_.empty()) {
    if (auto verified = verify(round, result.sums); !verified) return verified;
  }
  print_round(row);
  result.rounds.push_back(std::move(row));
  return {};
}

Outcome<void> Scoreboard::verify(const RoundView& round, Verification& sums) const {
  const auto answer = coordinator_.get("/v1/tasks/" + task_id_ + "/rounds/" +
                                       std::to_string(round.number) + "/survivors");
  if (!answer) return answer.error();
  const auto gateways = view_survivors(*answer);
  if (!gateways) return gateways.error();
  compare_sums(true_vectors_, round.number, *gateways, sums);
  return {};
}

void compare_sums(const std::filesystem::path& true_vectors, std::uint64_t round,
                  const std::vector<SurvivorsView>& gateways, Verification& sums) {
  for (const auto& total : totals_of(gateways)) {
    const auto place = fmt::format("round {}, {}: ", round, total.name);
    const auto sum = true_total(true_vectors, total.gateways);
    if (!sum) {
      ++sums.wrong;
      sums.faults.push_back(place + sum.error().text);
    } else if (!has_hash(total, released_sum_hash(*sum).hex())) {
      ++sums.wrong;
      sums.faults.push_back(place + "the released sum is not the sum of its survivors' vectors");
    } else {
      ++sums.verified;
    }
  }
}

std::vector<std::string> shortcomings(const ScoreboardResult& result, bool verifying,
                                      std::optional<double> central, double most_below) {
  std::vector<std::string> list = result.sums.faults;
  if (verifying && result.sums.verified == 0) list.emplace_back("no released sum was verified");
  if (result.task.state == "failed") {
    list.push_back("the task failed: " + result.task.state_reason);
  }
  if (result.rounds.empty()) {
    list.emplace_back("no round was released");
  } else if (central && result.rounds.back().score.accuracy < *central - most_below) {
    list.push_back(
        fmt::format("accuracy {:.2f} % is more than {:g} points below central training's {:.2f} %",
                    100 * result.rounds.back().score.accuracy, 100 * most_below, 100 * *central));
  }
  return list;
}

}  // namespace tributary::fleet
