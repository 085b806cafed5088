// What a task has spent of its privacy budget. A value: the caller makes it durable before a release.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/privacy/gaussian_accountant.hpp"

namespace tributary::privacy {

class Ledger {
 public:
  // Every release has this noise multiplier; what counts is how often the busiest device took part.
  // Throws std::invalid_argument as gaussian_epsilon does.
  Ledger(Budget budget, double noise_multiplier, std::uint64_t participations = 0);

  const Budget& budget() const { return budget_; }
  std::uint64_t participations() const { return participations_; }
  double spent() const;  // epsilon at the budget's delta
  // How many more releases a device may take part in.
  std::uint64_t left() const;

  // The ledger after one more release in which the busiest device has taken part `participations`
  // times in all; nullopt when it would exceed the budget. Never less than what was debited.
  std::optional<Ledger> debited(std::uint64_t participations) const;

 private:
  bool affordable(std::uint64_t participations) const;

  Budget budget_;
  double noise_multiplier_;
  std::uint64_t participations_;
};

}  // namespace tributary::privacy
