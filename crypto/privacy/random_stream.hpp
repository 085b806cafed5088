// Random numbers for noise: ChaCha20 under a single-use seed, so that a retry repeats them exactly.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/secret.hpp"

namespace tributary::privacy {

// Not thread safe. What is buffered is wiped with the object. 256 GiB from one seed.
class RandomStream {
 public:
  explicit RandomStream(const crypto::Seed& seed);
  RandomStream(const RandomStream&) = delete;
  RandomStream& operator=(const RandomStream&) = delete;
  ~RandomStream();

  std::uint64_t bits();                      // 64 of them
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound), bound > 0, without bias
  double open_unit();                        // uniform multiple of 2^-53 in (0, 1]

 private:
  void refill();

  static constexpr std::size_t buffered = 4096;

  crypto::Seed seed_;
  std::uint32_t block_ = 0;
  std::size_t used_ = buffered;
  std::array<std::uint8_t, buffered> buffer_{};
};

}  // namespace tributary::privacy
