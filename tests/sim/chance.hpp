// All chance of a simulated world comes from its seed.
#pragma once

#include <cstdint>

#include "tests/sim/timeline.hpp"

namespace tributary::sim {

// SplitMix64.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }  // limit at least 1
  bool happens(double probability);
  Span span(Span longest) {
    return Span(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(longest.count()) + 1)));
  }

 private:
  std::uint64_t state_;
};

// From now on libsodium's random numbers, in this process, follow from `seed`.
void seed_sodium(std::uint64_t seed);

}  // namespace tributary::sim
