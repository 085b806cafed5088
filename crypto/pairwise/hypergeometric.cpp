#include "crypto/pairwise/hypergeometric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tributary::pairwise {
namespace {

constexpr long double impossible = -std::numeric_limits<long double>::infinity();

}  // namespace

long double log2_sum(long double a, long double b) {
  if (a < b) std::swap(a, b);
  if (b == impossible) return a;
  return a + std::log1p(std::exp2(b - a)) / std::log(2.0L);
}

LogFactorials::LogFactorials(std::uint32_t n) : values_(std::size_t{n} + 1) {
  for (std::size_t i = 2; i <= n; ++i) {
    values_[i] = values_[i - 1] + std::log2(static_cast<long double>(i));
  }
}

long double LogFactorials::choose(std::uint32_t n, std::uint32_t k) const {
  if (k > n) return impossible;
  return values_[n] - values_[k] - values_[n - k];
}

Hypergeometric::Hypergeometric(const LogFactorials& factorials, std::uint32_t population,
                               std::uint32_t marked, std::uint32_t draws)
    : factorials_(factorials), population_(population), marked_(marked), draws_(draws) {
  if (population > factorials.limit() || marked > population || draws > population) {
    throw std::invalid_argument("hypergeometric: more marked or drawn than there are");
  }
}

std::uint32_t Hypergeometric::least() const {
  const std::uint32_t unmarked = population_ - marked_;
  return draws_ > unmarked ? draws_ - unmarked : 0;
}

std::uint32_t Hypergeometric::most() const {
  return std::min(marked_, draws_);
}

long double Hypergeometric::log2_of(std::uint32_t number) const {
  if (number < least() || number > most()) return impossible;
  return factorials_.choose(marked_, number) +
         factorials_.choose(population_ - marked_, draws_ - number) -
         factorials_.choose(population_, draws_);
}

std::uint32_t Hypergeometric::upper_quantile(long double log2_bound) const {
  std::uint32_t t = most();
  long double tail = impossible;  // Pr[X > t]
  while (t > 0) {
    tail = log2_sum(tail, log2_of(t));
    if (tail > log2_bound) break;
    --t;
  }
  return t;
}

std::uint32_t Hypergeometric::lower_quantile(long double log2_bound) const {
  std::uint32_t t = least();
  long double tail = impossible;  // Pr[X < t]
  while (t <= most()) {
    tail = log2_sum(tail, log2_of(t));
    if (tail > log2_bound) break;
    ++t;
  }
  return t;
}

}  // namespace tributary::pairwise
