// Random numbers that are the same for the same seed; in a fuzz target also those of libsodium, so that keys and
// with them corpora stay the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tributary::fuzz {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }  // end > 0

 private:
  std::uint64_t state_;
};

// From now on libsodium's random numbers, in this whole process, follow from the seed.
void seed_libsodium(std::uint64_t seed);

}  // namespace tributary::fuzz
