#include "crypto/privacy/discrete_gaussian.hpp"

#include <cmath>
#include <optional>
#include <stdexcept>

namespace tributary::privacy {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t most_denominator = 1U << 16;
constexpr std::uint64_t most_variance = 1ULL << 40;
// Beyond it the arithmetic could overflow; a proposal gets there with probability below e^-127.
constexpr std::uint64_t most_proposal = 1ULL << 27;

Wide uniform_below(RandomStream& random, Wide bound) {
  if (bound <= ~std::uint64_t{0}) return random.below(static_cast<std::uint64_t>(bound));
  int shift = 0;
  while (shift < 127 && bound >> (shift + 1) != 0) ++shift;
  const Wide mask = (((Wide{1} << shift) - 1) << 1) | 1;
  for (;;) {
    const Wide value = ((Wide{random.bits()} << 64) | random.bits()) & mask;
    if (value < bound) return value;
  }
}

// A fraction in [0, 1].
struct Fraction {
  Wide numerator;
  Wide denominator;
};

// Algorithm 1 for gamma in [0, 1]: true with probability e^-gamma. Bernoulli(gamma / k) is drawn as
// Bernoulli(gamma) and Bernoulli(1 / k), whose product it is: the denominators stay as they are.
bool bernoulli_exp_of_fraction(RandomStream& random, Fraction gamma) {
  std::uint64_t k = 1;
  while (random.below(k) == 0 && uniform_below(random, gamma.denominator) < gamma.numerator) ++k;
  return k % 2 == 1;
}

// The same for any gamma >= 0: e^-gamma = (e^-1)^floor(gamma) * e^-(rest).
bool bernoulli_exp(RandomStream& random, Fraction gamma) {
  for (Wide whole = gamma.numerator / gamma.denominator; whole > 0; --whole) {
    if (!bernoulli_exp_of_fraction(random, {1, 1})) return false;
  }
  return bernoulli_exp_of_fraction(random,
                                   {gamma.numerator % gamma.denominator, gamma.denominator});
}

// Algorithm 2: one try; the magnitude and the sign of a discrete Laplace sample of this scale.
struct Proposal {
  std::uint64_t magnitude;
  bool negative;
};

std::optional<Proposal> propose(RandomStream& random, std::uint64_t scale) {
  const std::uint64_t rest = random.below(scale);
  if (!bernoulli_exp_of_fraction(random, {rest, scale})) return std::nullopt;
  std::uint64_t wholes = 0;
  while (bernoulli_exp_of_fraction(random, {1, 1})) ++wholes;
  const Proposal proposal{rest + scale * wholes, (random.bits() & 1) != 0};
  if (proposal.magnitude > most_proposal) return std::nullopt;
  if (proposal.negative && proposal.magnitude == 0) return std::nullopt;  // 0 would count twice
  return proposal;
}

std::uint64_t floor_of_root(Variance variance) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(variance.numerator) /
                                                   static_cast<double>(variance.denominator)));
  const auto too_large = [&](std::uint64_t value) {
    return Wide{value} * value * variance.denominator > variance.numerator;
  };
  while (too_large(root)) --root;
  while (!too_large(root + 1)) ++root;
  return root;
}

}  // namespace

DiscreteGaussian::DiscreteGaussian(Variance variance) : variance_(variance) {
  const auto [numerator, denominator] = variance;
  if (numerator == 0 || denominator == 0 || denominator > most_denominator ||
      numerator > denominator * most_variance) {
    throw std::invalid_argument("privacy: the variance of a discrete Gaussian is out of range");
  }
  scale_ = floor_of_root(variance) + 1;
}

// Algorithm 3. With sigma^2 = n/d and scale t the proposal is kept with probability
// exp(-(|y| - sigma^2/t)^2 / (2 sigma^2)) = exp(-(|y| d t - n)^2 / (2 n d t^2)).
std::int64_t DiscreteGaussian::sample(RandomStream& random) const {
  const Wide n = variance_.numerator;
  const Wide d = variance_.denominator;
  for (;;) {
    const auto proposal = propose(random, scale_);
    if (!proposal) continue;
    const Wide reach = Wide{proposal->magnitude} * d * scale_;
    const Wide distance = reach > n ? reach - n : n - reach;
    if (!bernoulli_exp(random, {distance * distance, 2 * n * d * scale_ * scale_})) continue;
    const auto magnitude = static_cast<std::int64_t>(proposal->magnitude);
    return proposal->negative ? -magnitude : magnitude;
  }
}

}  // namespace tributary::privacy
