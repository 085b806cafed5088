#include "tests/bench/scheduling/strategy.hpp"

#include <algorithm>
#include <map>

#include "gateway/scheduling/deadline.hpp"

namespace tributary::bench {
namespace {

constexpr std::uint32_t selection_lot = 100;  // purpose of a chance
const sched::Time first_opening{sched::Span(1'800'000'000)};

sched::Time opening(std::uint32_t round, const RoundTerms& terms) {
  return first_opening + round * terms.interval;
}

DeviceId id_of(std::uint32_t device) {
  DeviceId id;
  for (std::size_t i = 0; i < 4; ++i) {
    id.bytes[15 - i] = static_cast<std::uint8_t>(device >> (8 * i));
  }
  return id;
}

Part work_on(DeviceWorld& world, std::uint32_t device, std::uint32_t round, const RoundTerms& terms,
             double begins, Cost& cost) {
  const Attempt attempt = world.attempt(device, round, terms.work);
  cost += attempt.cost;
  return {device, begins + attempt.seconds, attempt.finished};
}

void connect(DeviceWorld& world, std::uint32_t device, const RoundTerms& terms, Cost& cost) {
  world.spend(device, terms.work.connecting());
  cost += terms.work.connecting();
}

class Random : public Strategy {
 public:
  explicit Random(double over_selection) : over_selection_(over_selection) {}

  std::vector<Part> play(DeviceWorld& world, std::uint32_t round, const RoundTerms& terms,
                         Cost& cost) override {
    const double share = over_selection_ * terms.wanted.n_target / world.size();
    const sched::Requirements needs{opening(round, terms) + terms.longest};
    std::vector<Part> parts;
    for (std::uint32_t device = 0; device < world.size(); ++device) {
      if (!world.has_power(device)) continue;
      connect(world, device, terms, cost);
      sched::Record record;
      record.conditions = world.conditions(device, round);
      const bool willing =
          sched::eligible(record, needs, opening(round, terms)) == sched::Reason::passed_over;
      if (!willing || world.chance(device, round, selection_lot) >= share) continue;
      parts.push_back(work_on(world, device, round, terms, 0, cost));
    }
    return parts;
  }
  double patience(const RoundTerms& terms) const override {
    return static_cast<double>(terms.longest.count());
  }
  void learn(const std::vector<Part>&, std::uint32_t, const RoundTerms&) override {}

 private:
  double over_selection_;
};

class Scheduled : public Strategy {
 public:
  explicit Scheduled(const DeviceWorld& world) {
    for (std::uint32_t i = 0; i < world.size(); ++i) candidates_.push_back({id_of(i), {}});
  }

  std::vector<Part> play(DeviceWorld& world, std::uint32_t round, const RoundTerms& terms,
                         Cost& cost) override {
    const auto now = opening(round, terms);
    wake(world, round, terms, now, cost);
    rhythm_.opened_at(now);
    const sched::Requirements needs{now + terms.longest, rhythm_.interval()};
    choice_ = sched::select(candidates_, needs, terms.wanted, now, Hash{});
    std::vector<sched::Record> chosen;
    std::vector<Part> parts;
    for (std::uint32_t i = 0; i < world.size(); ++i) {
      auto& record = candidates_[i].record;
      record.credit = choice_.decisions[i].credit;
      if (choice_.decisions[i].reason != sched::Reason::chosen) continue;
      chosen.push_back(record);
      const auto begins = sched::begins_at(record, now) - now;
      if (record.presence == sched::Presence::asleep) connect(world, i, terms, cost);
      record.presence = sched::Presence::awake;
      parts.push_back(work_on(world, i, round, terms, static_cast<double>(begins.count()), cost));
      begun_[i] = static_cast<double>(begins.count());
    }
    wait_ = sched::wait_for(chosen, needs.closes_at, now);
    return parts;
  }
  double patience(const RoundTerms&) const override { return static_cast<double>(wait_.count()); }
  void learn(const std::vector<Part>& parts, std::uint32_t round,
             const RoundTerms& terms) override {
    const auto now = opening(round, terms) + wait_;
    const bool closed_early = std::ranges::count_if(parts, &Part::counted) >= terms.wanted.n_target;
    for (const auto& part : parts) {
      auto& record = candidates_[part.device].record;
      if (part.counted) {
        sched::note_contribution(
            record, sched::Span(static_cast<std::int64_t>(part.seconds - begun_[part.device])));
      } else if (!part.finished || !closed_early) {
        sched::note_miss(record, now, rhythm_.interval());
      }
    }
    send_away(now);
  }

 private:
  // Who was told to come back by now connects and says how it is.
  void wake(DeviceWorld& world, std::uint32_t round, const RoundTerms& terms, sched::Time now,
            Cost& cost) {
    for (std::uint32_t i = 0; i < world.size(); ++i) {
      auto& record = candidates_[i].record;
      const bool sleeping = record.presence == sched::Presence::asleep;
      if (!world.has_power(i)) {
        record.presence = sched::Presence::gone;
        continue;
      }
      if (sleeping && record.wake_at > now) continue;
      if (record.presence != sched::Presence::awake) connect(world, i, terms, cost);
      record.presence = sched::Presence::awake;
      record.conditions = world.conditions(i, round);
    }
  }
  void send_away(sched::Time now) {
    sched::Arrivals arrivals;
    arrivals.devices = static_cast<std::uint32_t>(candidates_.size());
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      auto& record = candidates_[i].record;
      if (record.presence != sched::Presence::awake) continue;
      const auto& decision = choice_.decisions[i];
      auto reason = decision.reason;
      if (sched::rested_at(record, rhythm_.interval()) > now) reason = sched::Reason::resting;
      const auto back = sched::come_back_at(rhythm_, record, {reason, decision.pause},
                                            candidates_[i].device, arrivals, now);
      if (back == sched::Time{}) continue;
      record.presence = sched::Presence::asleep;
      record.wake_at = back;
    }
  }

  std::vector<sched::Candidate> candidates_;
  sched::Rhythm rhythm_;
  sched::Choice choice_;
  sched::Span wait_{0};
  std::map<std::uint32_t, double> begun_;
};

}  // namespace

std::unique_ptr<Strategy> random_strategy(double over_selection) {
  return std::make_unique<Random>(over_selection);
}

std::unique_ptr<Strategy> scheduled_strategy(const DeviceWorld& world) {
  return std::make_unique<Scheduled>(world);
}

}  // namespace tributary::bench
