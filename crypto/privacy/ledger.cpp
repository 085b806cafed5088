#include "crypto/privacy/ledger.hpp"

#include <algorithm>

namespace tributary::privacy {

Ledger::Ledger(Budget budget, double noise_multiplier, std::uint64_t participations)
    : budget_(budget), noise_multiplier_(noise_multiplier), participations_(participations) {
  (void)gaussian_epsilon(noise_multiplier, 1, budget.delta);  // throws when out of range
}

double Ledger::spent() const {
  return gaussian_epsilon(noise_multiplier_, participations_, budget_.delta);
}

bool Ledger::affordable(std::uint64_t participations) const {
  return gaussian_epsilon(noise_multiplier_, participations, budget_.delta) <= budget_.epsilon;
}

std::uint64_t Ledger::left() const {
  if (!affordable(participations_ + 1)) return 0;
  std::uint64_t step = 1;  // affordable, and so is everything below
  while (step < (1ULL << 40) && affordable(participations_ + 2 * step)) step *= 2;
  std::uint64_t left = step;
  for (; step > 0; step /= 2) {
    if (affordable(participations_ + left + step)) left += step;
  }
  return left;
}

std::optional<Ledger> Ledger::debited(std::uint64_t participations) const {
  const auto after = std::max(participations, participations_);
  if (!affordable(after)) return std::nullopt;
  Ledger next = *this;
  next.participations_ = after;
  return next;
}

}  // namespace tributary::privacy
