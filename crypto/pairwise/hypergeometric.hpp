// Probabilities of drawing without replacement, on a scale of log2, so that tails of 2^-60 and far
// below keep their precision.
#pragma once

#include <cstdint>
#include <vector>

namespace tributary::pairwise {

// log2(2^a + 2^b); either may be -infinity.
long double log2_sum(long double a, long double b);

// log2 of factorials 0! .. n!, made once and shared by all distributions over at most n.
class LogFactorials {
 public:
  explicit LogFactorials(std::uint32_t n);
  std::uint32_t limit() const { return static_cast<std::uint32_t>(values_.size() - 1); }
  // log2 of "n choose k"; -infinity for k > n. n is at most limit().
  long double choose(std::uint32_t n, std::uint32_t k) const;

 private:
  std::vector<long double> values_;
};

// The number of marked among `draws` out of `population`, of which `marked` are marked.
// draws and marked are at most population. Keeps a reference to the factorials.
class Hypergeometric {
 public:
  Hypergeometric(const LogFactorials& factorials, std::uint32_t population, std::uint32_t marked,
                 std::uint32_t draws);
  std::uint32_t least() const;  // the smallest and the largest possible number
  std::uint32_t most() const;
  long double log2_of(std::uint32_t number) const;  // log2 Pr[X = number]
  // min{t : Pr[X > t] <= 2^log2_bound} and max{t : Pr[X < t] <= 2^log2_bound}; log2_bound < 0.
  // Tails are summed from their small end; the error is below 2^-40 of the tail for n <= 100,000.
  std::uint32_t upper_quantile(long double log2_bound) const;
  std::uint32_t lower_quantile(long double log2_bound) const;

 private:
  const LogFactorials& factorials_;
  std::uint32_t population_;
  std::uint32_t marked_;
  std::uint32_t draws_;
};

}  // namespace tributary::pairwise
