#include "gateway/scheduling/selection.hpp"

#include <algorithm>
#include <cmath>

#include "crypto/hash.hpp"

namespace tributary::gateway::scheduling {
namespace {

constexpr double unknown = 0.5;  // of a part of the utility

struct Ranked {
  std::size_t candidate;
  double score;
  Hash lot;  // decides between equals
};

// Of what a score adds to the credit; all bounded, so that credit decides in the long run.
constexpr double utility_weight = 0.5;
constexpr double phase_weight = 1;

// 0..1 by the first bytes.
double number_of(const Hash& lot) {
  return (lot.bytes[0] * 256 + lot.bytes[1]) / 65536.0;
}

Hash lot_of(const DeviceId& device, const Hash& seed) {
  return crypto::hash("invite", {seed.view(), device.view()});
}

// The lot keeps devices that are alike from coming in the same round: each has a place in the cycle that is its
// own, so that a round is a mixture, and it can be told when a turn will come.
double score_of(const Record& record, double typical, const Hash& lot) {
  return record.credit + utility_weight * utility(record, typical) + phase_weight * number_of(lot);
}

// What devices of this site do on average; the hope counts as much as 20 rounds of one device.
double typical_chance(std::span<const Candidate> candidates) {
  constexpr double hope = 20;
  double completed = hoped_chance * hope;
  double all = hope;
  for (const auto& candidate : candidates) {
    completed += candidate.record.completed;
    all += candidate.record.completed + candidate.record.missed;
  }
  return completed / all;
}

double typical_seconds(std::span<const Candidate> candidates,
                       const std::vector<Decision>& decisions) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Running& observed = candidates[i].record.seconds;
    if (decisions[i].reason == Reason::passed_over && observed.weight > 0) {
      seconds.push_back(observed.mean);
    }
  }
  if (seconds.empty()) return 0;
  const auto middle = seconds.begin() + std::ssize(seconds) / 2;
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

std::vector<Ranked> ranking(std::span<const Candidate> candidates,
                            const std::vector<Decision>& decisions, double typical,
                            const Hash& seed) {
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (decisions[i].reason != Reason::passed_over) continue;
    const Hash lot = lot_of(candidates[i].device, seed);
    ranked.push_back({i, score_of(candidates[i].record, typical, lot), lot});
  }
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.lot < b.lot;
  });
  return ranked;
}

// Those who could be chosen, and those who sleep on the gateway's word.
bool earns(Reason reason) {
  return reason == Reason::chosen || reason == Reason::passed_over || reason == Reason::asleep;
}

std::uint32_t rounds_until(double short_of, double earned) {
  if (short_of <= 0 || earned <= 0) return 0;
  // One round early: the others' scores move too.
  return static_cast<std::uint32_t>(
      std::clamp(std::floor(short_of / earned) - 1, 0.0, static_cast<double>(longest_pause)));
}

// Everybody who earns gets an equal part of what the chosen pay, and sleeps until it comes near the score
// that was enough this time.
void pay(std::span<const Candidate> candidates, Choice& choice, const std::vector<Ranked>& ranked,
         double typical, const Hash& seed) {
  if (choice.invited.count == 0) return;
  const auto earning = std::ranges::count_if(
      choice.decisions, [](const Decision& decision) { return earns(decision.reason); });
  const double earned = choice.invited.count / static_cast<double>(earning);
  const double enough = ranked[choice.invited.count - 1].score;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Decision& decision = choice.decisions[i];
    if (!earns(decision.reason)) continue;
    if (choice.invited.count < ranked.size() && decision.reason != Reason::asleep) {
      Record after = candidates[i].record;
      after.credit = decision.credit;
      const Hash lot = lot_of(decision.device, seed);
      decision.pause = rounds_until(enough - score_of(after, typical, lot), earned);
    }
    decision.credit += earned;
  }
}

double charge(const Conditions& now) {
  if (now.power == Power::mains) return 1;
  return now.battery ? std::min(100U, *now.battery) / 100.0 : unknown;
}

double speed(const Running& seconds, double typical) {
  if (seconds.weight <= 0 || typical <= 0) return unknown;
  return typical / (typical + seconds.mean);
}

}  // namespace

double utility(const Record& record, double typical) {
  return 0.5 * reliability(record) + 0.25 * charge(record.conditions) +
         0.25 * speed(record.seconds, typical);
}

std::vector<DeviceId> Choice::chosen() const {
  std::vector<DeviceId> devices;
  for (const auto& decision : decisions) {
    if (decision.reason == Reason::chosen) devices.push_back(decision.device);
  }
  std::ranges::sort(devices);
  return devices;
}

Choice select(std::span<const Candidate> candidates, const Requirements& needs,
              const Wanted& wanted, Time now, const Hash& seed) {
  Choice choice{};
  for (const auto& candidate : candidates) {
    const Reason reason = candidate.barred.value_or(eligible(candidate.record, needs, now));
    choice.decisions.push_back({candidate.device, reason, candidate.record.credit, 0});
  }
  const double typical = typical_seconds(candidates, choice.decisions);
  const auto ranked = ranking(candidates, choice.decisions, typical, seed);
  std::vector<double> chances;
  const double prior = typical_chance(candidates);
  for (const auto& one : ranked) {
    chances.push_back(reliability(candidates[one.candidate].record, prior));
  }
  choice.invited = invite(chances, wanted);
  for (std::size_t place = 0; place < choice.invited.count; ++place) {
    Decision& decision = choice.decisions[ranked[place].candidate];
    decision.credit -= 1;
    decision.reason = Reason::chosen;
  }
  pay(candidates, choice, ranked, typical, seed);
  for (const auto& decision : choice.decisions) {
    ++choice.counts.at(static_cast<std::size_t>(decision.reason));
  }
  return choice;
}

}  // namespace tributary::gateway::scheduling
