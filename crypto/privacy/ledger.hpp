// What a task spends of its privacy budget, by the rounds it has opened. A pure function of that number:
// where the count is durable before a round begins, so is the debit.
#pragma once

#include <cstdint>

#include "crypto/privacy/gaussian_accountant.hpp"
#include "crypto/privacy/matrix_noise.hpp"

namespace tributary::privacy {

// What a round's context says of its noise. noise_multiplier 0: no noise, and the rest means nothing.
struct Terms {
  double noise_multiplier = 0;  // z of each party: standard deviation over one update's sensitivity
  Participation participation = {1, 1};
  std::uint32_t band = 1;  // 1: independent between rounds; more: BandedRoot
};

// The noise multiplier that keeps a task of so many rounds within the budget. Throws std::invalid_argument
// as gaussian_noise_multiplier and BandedRoot do.
double multiplier_for(const Budget& budget, const Terms& terms, std::uint32_t rounds);

class Ledger {
 public:
  // Throws std::invalid_argument unless noise_multiplier > 0, 0 < delta < 1 and separation >= band >= 1.
  Ledger(Budget budget, Terms terms);

  const Budget& budget() const { return budget_; }
  // Epsilon at the budget's delta once `rounds` rounds have been opened: of the device that takes part as
  // often as the terms let it. Never falls; constant once the participation cap is reached.
  double spent(std::uint32_t rounds) const;
  bool affords(std::uint32_t rounds) const;
  // The most rounds the budget pays for; UINT32_MAX when the cap keeps it for ever.
  std::uint32_t affordable_rounds() const;

 private:
  Budget budget_;
  Terms terms_;
  BandedRoot root_;
};

}  // namespace tributary::privacy
