#include "crypto/privacy/ledger.hpp"

#include <limits>

namespace tributary::privacy {
namespace {

// A multiplier that was planned for the budget has its last digit rounded up, never down.
constexpr double rounding = 1 + 1e-9;

}  // namespace

double multiplier_for(const Budget& budget, const Terms& terms, std::uint32_t rounds) {
  return gaussian_noise_multiplier(budget, 1) *
         BandedRoot(terms.band).sensitivity(terms.participation, rounds);
}

Ledger::Ledger(Budget budget, Terms terms) : budget_(budget), terms_(terms), root_(terms.band) {
  (void)spent(1);  // throws when something is out of range
}

// All rounds together are one release of the matrix mechanism (with band 1: sqrt(participations)).
double Ledger::spent(std::uint32_t rounds) const {
  if (rounds == 0) return 0;
  const double sensitivity = root_.sensitivity(terms_.participation, rounds);
  return gaussian_epsilon(terms_.noise_multiplier / sensitivity, 1, budget_.delta);
}

bool Ledger::affords(std::uint32_t rounds) const {
  return spent(rounds) <= budget_.epsilon * rounding;
}

std::uint32_t Ledger::affordable_rounds() const {
  constexpr auto ever = std::numeric_limits<std::uint32_t>::max();
  if (affords(ever)) return ever;
  std::uint32_t enough = 0;
  for (std::uint32_t step = 1U << 31; step > 0; step /= 2) {
    if (affords(enough + step)) enough += step;
  }
  return enough;
}

}  // namespace tributary::privacy
