// A small deterministic generator (SplitMix64): the standard library's distributions differ between
// implementations, and partitions and drop-outs must not.
#pragma once

#include <cstdint>

namespace tributary::fleet {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  // An independent stream of the same seed.
  Chance(std::uint64_t seed, std::uint64_t stream);

  std::uint64_t next();
  double uniform();                          // in [0, 1)
  std::uint64_t below(std::uint64_t bound);  // in [0, bound); bound > 0
  double normal();                           // mean 0, variance 1
  double log_gamma_variate(double shape);    // log of a Gamma(shape, 1) variate; shape > 0

 private:
  std::uint64_t state_;
};

}  // namespace tributary::fleet
